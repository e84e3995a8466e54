/// Launches whose keys are the queries' own rows: the prompts, for which a GPU may have a library.
#include "attention_reference.hpp"
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

struct Results {
  HostMatrix out, lse, dq, dkv;
};

/// Forward and backward in bfloat16; the gradient by kv on top of ones.
Results run(const OwnRows& in) {
  const int n = in.q.n_rows, C = in.heads.width();
  const auto q = to_matrix<bfloat16>(in.q), kv = to_matrix<bfloat16>(in.kv);
  const auto out = to_matrix<bfloat16>(HostMatrix(n, C, 5)), dq = to_matrix<bfloat16>(in.q);
  const auto lse = to_matrix<float>(HostMatrix(n, in.heads.NH, 5));
  const auto dkv = to_matrix<float>(HostMatrix(n, 2 * C, 1));
  attention_forward<bfloat16>(Exec(), q, kv, in.groups(), in.heads.NH, in.dropout, out, lse);
  attention_backward<bfloat16>(Exec(), q, kv, in.groups(), in.heads.NH, in.dropout, out, lse,
                               to_matrix<bfloat16>(in.dout), dq, dkv);
  return {to_host(out), to_host(lse), to_host(dq), to_host(dkv)};
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

TEST(AttentionOwnRows, HaveTheSameBitsEachTime) {
  const OwnRows in({31, 130}, {2, 96}, test_dropout());
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
