/// Launches whose keys are the queries' own rows: the prompts, for which a GPU may have a library.
#include "attention_reference.hpp"
#include "kokkos_kernels/attention/prompts_by_cudnn.hpp"
#include "operand.hpp"

namespace superpose::kernels {
namespace {

/// Problems one after the other, every position a query.
struct OwnRows {
  Packing packing;
  Queries queries;
  Heads heads;
  Dropout dropout;
  HostMatrix q, kv, dout;

  OwnRows(const std::vector<int>& lengths, Heads size, Dropout drops)
      : packing(scattered(lengths)),
        heads(size),
        dropout(drops),
        q(random(1, size.width())),
        kv(random(2, 2 * size.width())),
        dout(random(3, size.width())) {
    std::iota(packing.key_row.begin(), packing.key_row.end(), 0);
    for (int p = 0; p < static_cast<int>(lengths.size()); ++p) queries.add_group(p, 0, lengths[p]);
  }

  HostMatrix random(int id, int width) const {
    return rounded<bfloat16>(random_matrix(packing.n_rows(), width, id));
  }
  Launch launch() const { return {packing, queries, q, kv, dropout, heads}; }
  AttentionGroups groups() const {
    auto result = to_groups(packing, queries);
    result.n_own_rows = packing.n_rows();
    return result;
  }
};

/// With rows of NaN behind: what later segments have yet to write.
template <class T>
Matrix<T> to_longer_matrix(HostMatrix m) {
  m.n_rows += 70;
  m.values.resize(static_cast<std::size_t>(m.n_rows) * m.n_columns,
                  std::numeric_limits<double>::quiet_NaN());
  return to_matrix<T>(m);
}

struct Results {
  HostMatrix out, lse, dq, dkv;
};

/// Forward and backward in bfloat16; the gradient by kv on top of ones.
Results run(const OwnRows& in) {
  const int n = in.q.n_rows, NH = in.heads.NH, C = in.heads.width();
  const auto longer = [&](int width) {
    return to_longer_matrix<bfloat16>(HostMatrix(n, width, 5));
  };
  const auto q = to_longer_matrix<bfloat16>(in.q), kv = to_longer_matrix<bfloat16>(in.kv);
  const auto dout = to_longer_matrix<bfloat16>(in.dout), out = longer(C), dq = longer(C);
  const auto lse = to_longer_matrix<float>(HostMatrix(n, NH, 5));
  const auto dkv = to_longer_matrix<float>(HostMatrix(n, 2 * C, 1));
  const AttentionInput<bfloat16> input{q, kv, in.groups(), NH, in.dropout};
  attention_forward<bfloat16>(Exec(), input, out, lse);
  attention_backward<bfloat16>(Exec(), input, {out, lse, dout, dq, dkv});
  return {first_rows(to_host(out), n), first_rows(to_host(lse), n), first_rows(to_host(dq), n),
          first_rows(to_host(dkv), n)};
}

Results plain_run(const OwnRows& in) {
  const auto [out, lse] = plain_forward(in.launch());
  const auto dkv = to_matrix<double>(HostMatrix(in.kv.n_rows, in.kv.n_columns, 1));
  const auto dq = run_backward<double>(in.launch(), in.dout, dkv);
  return {out, lse, dq, to_host(dkv)};
}

/// A library may round weights to bfloat16 before they meet values.
testing::AssertionResult near_rounded_weights(const HostMatrix& actual,
                                              const HostMatrix& expected) {
  return within(actual, expected, 0x1.0p-6 * largest_magnitude(expected));
}

TEST(AttentionOwnRows, EqualsThePlainLoop) {
  for (const auto heads : {Heads{2, 8}, Heads{2, 64}, Heads{2, 96}})
    for (const Dropout& dropout : {Dropout{}, test_dropout()}) {
      SCOPED_TRACE(testing::Message() << heads.NH << "x" << heads.D << " " << dropout.probability);
      const OwnRows in({31, 1, 65, 130, 4}, heads, dropout);
      const Results actual = run(in), expected = plain_run(in);
      EXPECT_TRUE(near_rounded_weights(actual.out, expected.out));
      EXPECT_TRUE(within(actual.lse, expected.lse, 1e-4));
      EXPECT_TRUE(near_rounded_weights(actual.dq, expected.dq));
      EXPECT_TRUE(near_rounded_weights(actual.dkv, expected.dkv));
    }
}

#ifdef SUPERPOSE_CUDNN
TEST(AttentionOwnRows, AreTheLibrarysFromHopperOn) {
  if (Exec().cuda_device_prop().major < 9) GTEST_SKIP() << "the GPU is older";
  const OwnRows in({31, 130}, {2, 96}, test_dropout());
  const auto q = to_matrix<bfloat16>(in.q), kv = to_matrix<bfloat16>(in.kv), dq = q;
  const auto out = to_matrix<bfloat16>(in.q), dout = to_matrix<bfloat16>(in.dout);
  const auto lse = to_matrix<float>(HostMatrix(in.q.n_rows, 2));
  const auto dkv = to_matrix<float>(HostMatrix(in.kv.n_rows, in.kv.n_columns));
  const AttentionInput<bfloat16> input{q, kv, in.groups(), 2, in.dropout};
  EXPECT_TRUE(attention_forward_cudnn(Exec(), input, out, lse));
  EXPECT_TRUE(attention_backward_cudnn(Exec(), input, {out, lse, dout, dq, dkv}));
}
#endif

TEST(AttentionOwnRows, HaveTheSameBitsEachTime) {
  const OwnRows in(std::vector<int>(80, 118), {2, 96}, test_dropout());
  const Results first = run(in);
  for (int call = 0; call < 3; ++call) {
    const Results again = run(in);
    EXPECT_TRUE(within(again.out, first.out, 0));
    EXPECT_TRUE(within(again.lse, first.lse, 0));
    EXPECT_TRUE(within(again.dq, first.dq, 0));
    EXPECT_TRUE(within(again.dkv, first.dkv, 0));
  }
}

}  // namespace
}  // namespace superpose::kernels
