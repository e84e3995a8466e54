#include "attention_reference.hpp"
#include "kokkos_kernels/attention_map.hpp"

namespace superpose::kernels {
namespace {

/// One channel, odd sizes, a head size of the tile and beyond, and the model's widths.
const std::vector<Heads> head_shapes = {{1, 1},  {3, 5},  {2, 32}, {8, 12},
                                        {1, 33}, {2, 64}, {8, 96}};

template <class T>
class Attention : public testing::Test {};
TYPED_TEST_SUITE(Attention, FloatTypes);

TYPED_TEST(Attention, ForwardEqualsThePlainLoop) {
  for (const auto heads : head_shapes)
    for (const Dropout& dropout : {Dropout{}, test_dropout()}) {
      const TwoSegments s{ragged(), heads, dropout};
      for (const Launch& launch : {s.early(), s.late()}) {
        const auto expected = plain_forward(launch), actual = run_forward<TypeParam>(launch);
        EXPECT_TRUE(near<TypeParam>(actual.out, expected.out))
            << "NH " << heads.NH << ", D " << heads.D << ", dropout " << dropout.probability;
        EXPECT_TRUE(near<TypeParam>(actual.lse, expected.lse));
      }
    }
}

TYPED_TEST(Attention, LargeScoresStayFinite) {
  TwoSegments s{ragged(), {2, 32}, {}};
  for (double& value : s.q_early.values) value *= 1000;
  const auto result = run_forward<TypeParam>(s.early());
  for (const double value : result.out.values) ASSERT_LE(std::abs(value), 1.0001);
  for (const double value : result.lse.values) ASSERT_LE(std::abs(value), 1e6);
}

TYPED_TEST(Attention, OnlyEarlierKeysOfTheSameProblemCount) {
  TwoSegments s{ragged(), {3, 5}, test_dropout()};
  constexpr int problem = 4, position = 20;
  const auto before = run_forward<TypeParam>(s.early());
  for (int c = 0; c < s.kv.n_columns; ++c) s.kv(s.packing.row(problem, position), c) = 3;
  const auto after = run_forward<TypeParam>(s.early());
  const Queries& queries = s.early_queries;
  for (std::size_t g = 0; g < queries.problem.size(); ++g)
    for (int i = queries.first[g]; i < queries.first[g] + queries.count[g]; ++i)
      EXPECT_EQ(after.lse(i, 0) != before.lse(i, 0),
                queries.problem[g] == problem && queries.position[i] >= position)
          << "problem " << queries.problem[g] << ", position " << queries.position[i];
}

TYPED_TEST(Attention, RowsDoNotDependOnTheLaunch) {
  const TwoSegments s{ragged(), {3, 5}, test_dropout()};
  const auto together = run_forward<TypeParam>(s.late()).out;
  for (int g = 0; g < s.late_queries.size(); ++g) {
    Queries alone;
    alone.add_group(s.late_queries.problem[g], s.late_queries.position[g], 1);
    const auto q = row_of(s.q_late, g);
    const auto out = run_forward<TypeParam>({s.packing, alone, q, s.kv, s.dropout, s.heads}).out;
    EXPECT_TRUE(within(out, row_of(together, g), 0)) << "query " << g;
  }
}

TYPED_TEST(Attention, BackwardAddsToDkvOverLaunches) {
  for (const auto heads : head_shapes) {
    const TwoSegments s{ragged(), heads, test_dropout()};
    const auto before = random_matrix(s.kv.n_rows, s.kv.n_columns, 6);
    const Gradient expected = run_backward_from_zero(s);
    const Gradient actual = run_backward<TypeParam>(s, before);
    EXPECT_TRUE(near<TypeParam>(actual.q_early, expected.q_early));
    EXPECT_TRUE(near<TypeParam>(actual.q_late, expected.q_late));
    EXPECT_TRUE(near<TypeParam>(actual.kv, sum(before, expected.kv)));
  }
}

/// Logits and weights of query i and head h, 0 behind its keys.
struct PlainMap {
  std::vector<double> logits, weights;
};

PlainMap plain_map(const Launch& in, int problem, int i, int h, int longest) {
  const int D = in.heads.D, position = in.queries.position[i];
  PlainMap map{std::vector<double>(longest), std::vector<double>(longest)};
  double total = 0;
  for (int j = 0; j <= position; ++j) {
    for (int d = 0; d < D; ++d)
      map.logits[j] +=
          in.q(i, h * D + d) * in.kv(in.packing.row(problem, j), h * D + d) / std::sqrt(D);
    total += std::exp(map.logits[j]);
  }
  for (int j = 0; j <= position; ++j) map.weights[j] = std::exp(map.logits[j]) / total;
  return map;
}

template <class T>
void expect_map_is_plain(const Launch& in) {
  const auto input = to_input<T>(in);
  const int NH = in.heads.NH, T_ = input.groups.longest;
  const auto logits = to_matrix<T>(HostMatrix(in.q.n_rows, NH * T_, 5)),
             weights = to_matrix<T>(HostMatrix(in.q.n_rows, NH * T_, 5));
  attention_map<T>(Exec(), input, logits, weights);
  HostMatrix logit = to_host(logits), expected_logit(in.q.n_rows, NH * T_),
             expected_weight(in.q.n_rows, NH * T_);
  for (std::size_t g = 0; g < in.queries.problem.size(); ++g)
    for (int i = in.queries.first[g]; i < in.queries.first[g] + in.queries.count[g]; ++i)
      for (int h = 0; h < NH; ++h) {
        const auto map = plain_map(in, in.queries.problem[g], i, h, T_);
        for (int j = 0; j < T_; ++j) {
          expected_logit(i, h * T_ + j) = map.logits[j];
          expected_weight(i, h * T_ + j) = map.weights[j];
          if (j <= in.queries.position[i]) continue;
          EXPECT_TRUE(std::isnan(logit(i, h * T_ + j))) << "query " << i << ", key " << j;
          logit(i, h * T_ + j) = 0;
        }
      }
  EXPECT_TRUE(near<T>(logit, expected_logit)) << NH << "x" << in.heads.D;
  EXPECT_TRUE(near<T>(to_host(weights), expected_weight)) << NH << "x" << in.heads.D;
}

TYPED_TEST(Attention, MapEqualsThePlainLoop) {
  for (const auto heads : head_shapes) {
    const TwoSegments s{ragged(), heads, {}};
    expect_map_is_plain<TypeParam>(s.early());
    expect_map_is_plain<TypeParam>(s.late());
  }
}

TEST(AttentionGradient, IsTheDerivativeOfForward) {
  for (const auto heads : {Heads{1, 4}, Heads{3, 5}, Heads{2, 32}, Heads{8, 12}})
    for (const Dropout& dropout : {Dropout{}, test_dropout()}) {
      TwoSegments s{scattered({5, 1, 33, 12}), heads, dropout};
      expect_derivative_of_forward(s);
    }
}

}  // namespace
}  // namespace superpose::kernels
