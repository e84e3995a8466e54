#include "attention_reference.hpp"
#include "operand.hpp"

namespace superpose::kernels {
namespace {

/// Problems whose first segments have 1, 3, 4, 17, 63, 64, 65 and 130 queries: around what is taken
/// row by row, the tiles of 8, 16 and 32, and dropout's chunk of 128 keys.
Packing around_tiles() {
  return scattered({2, 4, 5, 18, 64, 65, 66, 131});
}

/// Every seventh position, as where only outputs are queries.
Queries sparse_segment(const Packing& packing) {
  Queries queries;
  for (int p = 0; p < static_cast<int>(packing.problem_id.size()); ++p)
    for (int t = 0; t < packing.n_keys(p); t += 7) {
      if (t == 0) queries.add_group(p, 0, 0);
      ++queries.count.back();
      queries.position.push_back(t);
    }
  return queries;
}

/// Whole tiles, an incomplete Four, and a head too wide for tiles of doubles.
const std::vector<Heads> head_shapes = {{2, 8}, {2, 16}, {1, 30}, {2, 96}};

template <class T>
class AttentionTiles : public testing::Test {};
TYPED_TEST_SUITE(AttentionTiles, FloatTypes);

TYPED_TEST(AttentionTiles, ForwardEqualsThePlainLoop) {
  for (const auto heads : head_shapes)
    for (const Dropout& dropout : {Dropout{}, test_dropout()}) {
      const TwoSegments s{around_tiles(), heads, dropout};
      const auto expected = plain_forward(s.early()), actual = run_forward<TypeParam>(s.early());
      EXPECT_TRUE(near<TypeParam>(actual.out, expected.out)) << heads.NH << "x" << heads.D;
      EXPECT_TRUE(near<TypeParam>(actual.lse, expected.lse)) << heads.NH << "x" << heads.D;
    }
}

TYPED_TEST(AttentionTiles, QueriesMayLeaveOutPositions) {
  for (const auto heads : head_shapes) {
    TwoSegments s{around_tiles(), heads, test_dropout()};
    const Queries sparse = sparse_segment(s.packing);
    const Launch launch{s.packing, sparse, s.q_early, s.kv, s.dropout, heads};
    const auto expected = plain_forward(launch), actual = run_forward<TypeParam>(launch);
    const int n = sparse.size();
    EXPECT_TRUE(near<TypeParam>(first_rows(actual.out, n), first_rows(expected.out, n))) << heads.D;
    EXPECT_TRUE(near<TypeParam>(first_rows(actual.lse, n), first_rows(expected.lse, n))) << heads.D;
  }
}

TYPED_TEST(AttentionTiles, BackwardAddsToDkv) {
  for (const auto heads : head_shapes) {
    const TwoSegments s{around_tiles(), heads, test_dropout()};
    const auto before = random_matrix(s.kv.n_rows, s.kv.n_columns, 6);
    const Gradient alone = run_backward_from_zero(s), added = run_backward<TypeParam>(s, before);
    EXPECT_TRUE(near<TypeParam>(added.q_early, alone.q_early)) << heads.NH << "x" << heads.D;
    EXPECT_TRUE(near<TypeParam>(added.q_late, alone.q_late)) << heads.NH << "x" << heads.D;
    EXPECT_TRUE(near<TypeParam>(added.kv, sum(before, alone.kv))) << heads.NH << "x" << heads.D;
  }
}

TYPED_TEST(AttentionTiles, HaveTheSameBitsEachTime) {
  const TwoSegments s{around_tiles(), {2, 16}, test_dropout()};
  const auto zero = HostMatrix(s.kv.n_rows, s.kv.n_columns);
  const auto out = run_forward<TypeParam>(s.early()).out;
  const Gradient first = run_backward<TypeParam>(s, zero);
  for (int call = 0; call < 3; ++call) {
    const Gradient again = run_backward<TypeParam>(s, zero);
    EXPECT_TRUE(within(run_forward<TypeParam>(s.early()).out, out, 0));
    EXPECT_TRUE(within(again.q_early, first.q_early, 0));
    EXPECT_TRUE(within(again.q_late, first.q_late, 0));
    EXPECT_TRUE(within(again.kv, first.kv, 0));
  }
}

/// What a matrix product hands over, in bfloat16, against the same numbers in float.
TEST(AttentionTilesBfloat16, DiffersFromFloatByRoundingOnly) {
  TwoSegments s{around_tiles(), {2, 96}, test_dropout()};
  for (auto* m : {&s.q_early, &s.kv, &s.dout_early}) *m = rounded<bfloat16>(*m);
  const auto groups = to_groups(s.packing, s.early_queries);
  const auto exact = run_forward<double>(s.early());
  const auto out = to_matrix<bfloat16>(s.q_early), dq = to_matrix<bfloat16>(s.q_early);
  const auto lse = to_matrix<float>(exact.lse);
  const auto q = to_matrix<bfloat16>(s.q_early), kv = to_matrix<bfloat16>(s.kv);
  const AttentionInput<bfloat16> in{q, kv, groups, 2, s.dropout};
  attention_forward<bfloat16>(Exec(), in, out, lse);
  EXPECT_TRUE(near_operand<bfloat16>(to_host(out), exact.out));
  const auto dkv = to_matrix<float>(HostMatrix(s.kv.n_rows, s.kv.n_columns));
  attention_backward<bfloat16>(Exec(), in, {out, lse, to_matrix<bfloat16>(s.dout_early), dq, dkv});
  const auto exact_dkv = to_matrix<double>(HostMatrix(s.kv.n_rows, s.kv.n_columns));
  const auto exact_dq = run_backward<double>(s.early(), s.dout_early, exact_dkv);
  EXPECT_TRUE(near_operand<bfloat16>(to_host(dq), exact_dq));
  EXPECT_TRUE(near<float>(to_host(dkv), to_host(exact_dkv)));
}

TEST(AttentionTilesGradient, IsTheDerivativeOfForward) {
  for (const auto heads : {Heads{2, 8}, Heads{1, 16}}) {
    TwoSegments s{scattered({5, 34, 131}), heads, test_dropout()};
    expect_derivative_of_forward(s);
  }
}

}  // namespace
}  // namespace superpose::kernels
