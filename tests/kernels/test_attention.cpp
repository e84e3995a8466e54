#include <numeric>

#include "dropout_reference.hpp"
#include "kokkos_kernels/attention.hpp"
#include "kokkos_kernels/attention_map.hpp"
#include "reference.hpp"

namespace superpose::kernels {
namespace {

/// Heads and head size.
struct Heads {
  int NH, D;
  int width() const { return NH * D; }
};

/// Problems of different lengths whose keys are scattered over the rows of kv.
struct Packing {
  std::vector<int> problem_id, key_begin, key_row;

  int n_keys(int problem) const { return key_begin[problem + 1] - key_begin[problem]; }
  int n_rows() const { return static_cast<int>(key_row.size()); }
  int row(int problem, int position) const { return key_row[key_begin[problem] + position]; }
};

Packing scattered(const std::vector<int>& lengths) {
  Packing packing;
  packing.key_begin = {0};
  for (const int length : lengths) {
    packing.problem_id.push_back(100 + 7 * static_cast<int>(packing.problem_id.size()));
    packing.key_begin.push_back(packing.key_begin.back() + length);
  }
  packing.key_row.resize(packing.key_begin.back());
  std::iota(packing.key_row.begin(), packing.key_row.end(), 0);
  RandomStream(1, Purpose::analysis, 0).shuffle(packing.key_row);
  return packing;
}

/// Lengths of one key and around the kernel's tile of 32.
Packing ragged() {
  return scattered({31, 1, 33, 5, 70, 32});
}

/// The queries of one launch, as the kernel is told of them.
struct Queries {
  std::vector<int> problem, first, count, position;

  void add_group(int p, int first_position, int n) {
    problem.push_back(p);
    first.push_back(size());
    count.push_back(n);
    for (int i = 0; i < n; ++i) position.push_back(first_position + i);
  }
  int size() const { return static_cast<int>(position.size()); }
};

/// Every position of every problem but the last one: what a first segment computes.
Queries first_segment(const Packing& packing) {
  Queries queries;
  for (int p = 0; p < static_cast<int>(packing.problem_id.size()); ++p)
    if (packing.n_keys(p) > 1) queries.add_group(p, 0, packing.n_keys(p) - 1);
  return queries;
}

/// One query of every second problem, at its last position, the last problem first.
Queries later_segment(const Packing& packing) {
  Queries queries;
  for (int p = static_cast<int>(packing.problem_id.size()) - 1; p >= 0; p -= 2)
    queries.add_group(p, packing.n_keys(p) - 1, 1);
  return queries;
}

AttentionGroups to_groups(const Packing& packing, const Queries& queries) {
  const int last = *std::max_element(queries.position.begin(), queries.position.end());
  return {to_indices(queries.problem),    to_indices(queries.first),
          to_indices(queries.count),      to_indices(queries.position),
          to_indices(packing.key_begin),  to_indices(packing.key_row),
          to_indices(packing.problem_id), last + 1};
}

/// What one launch of the kernel reads.
struct Launch {
  const Packing& packing;
  const Queries& queries;
  const HostMatrix& q;
  const HostMatrix& kv;
  Dropout dropout;
  Heads heads;
};

struct Result {
  HostMatrix out, lse;
};

/// Query i, of `problem`, and head h: softmax over its keys, dropout, sum of values.
void plain_query(const Launch& in, int problem, int i, int h, Result& result) {
  const int D = in.heads.D, C = in.heads.width(), position = in.queries.position[i];
  std::vector<double> weight(position + 1);
  double total = 0;
  for (int j = 0; j <= position; ++j) {
    double score = 0;
    for (int d = 0; d < D; ++d)
      score += in.q(i, h * D + d) * in.kv(in.packing.row(problem, j), h * D + d) / std::sqrt(D);
    weight[j] = std::exp(score);
    total += weight[j];
  }
  result.lse(i, h) = std::log(total);
  for (int j = 0; j <= position; ++j) {
    const double keep =
        dropout_multiplier(in.dropout, in.packing.problem_id[problem], position, j, h);
    for (int d = 0; d < D; ++d)
      result.out(i, h * D + d) +=
          keep * weight[j] / total * in.kv(in.packing.row(problem, j), C + h * D + d);
  }
}

Result plain_forward(const Launch& in) {
  const Queries& queries = in.queries;
  Result result{HostMatrix(in.q.n_rows, in.q.n_columns), HostMatrix(in.q.n_rows, in.heads.NH)};
  for (std::size_t g = 0; g < queries.problem.size(); ++g)
    for (int i = queries.first[g]; i < queries.first[g] + queries.count[g]; ++i)
      for (int h = 0; h < in.heads.NH; ++h) plain_query(in, queries.problem[g], i, h, result);
  return result;
}

template <class T>
Result run_forward(const Launch& in) {
  const auto out = to_matrix<T>(HostMatrix(in.q.n_rows, in.q.n_columns, 5));
  const auto lse = to_matrix<T>(HostMatrix(in.q.n_rows, in.heads.NH, 5));
  attention_forward<T>(Exec(), to_matrix<T>(in.q), to_matrix<T>(in.kv),
                       to_groups(in.packing, in.queries), in.heads.NH, in.dropout, out, lse);
  return {to_host(out), to_host(lse)};
}

/// dq of one launch; adds to dkv.
template <class T>
HostMatrix run_backward(const Launch& in, const HostMatrix& dout, Matrix<T> dkv) {
  const auto lse = run_forward<T>(in).lse;
  const auto dq = to_matrix<T>(HostMatrix(in.q.n_rows, in.q.n_columns, 5));
  attention_backward<T>(Exec(), to_matrix<T>(in.q), to_matrix<T>(in.kv),
                        to_groups(in.packing, in.queries), in.heads.NH, in.dropout,
                        to_matrix<T>(lse), to_matrix<T>(dout), dq, dkv);
  return to_host(dq);
}

/// Two launches over the same keys, as a forward pass with one thought makes them.
struct TwoSegments {
  Packing packing;
  Heads heads;
  Dropout dropout;
  Queries early_queries = first_segment(packing), late_queries = later_segment(packing);
  HostMatrix q_early = random_matrix(early_queries.size(), heads.width(), 1);
  HostMatrix q_late = random_matrix(late_queries.size(), heads.width(), 2);
  HostMatrix kv = random_matrix(packing.n_rows(), 2 * heads.width(), 3);
  HostMatrix dout_early = random_matrix(early_queries.size(), heads.width(), 4);
  HostMatrix dout_late = random_matrix(late_queries.size(), heads.width(), 5);

  Launch early() const { return {packing, early_queries, q_early, kv, dropout, heads}; }
  Launch late() const { return {packing, late_queries, q_late, kv, dropout, heads}; }
  double loss() const {
    return inner_product(dout_early, run_forward<double>(early()).out) +
           inner_product(dout_late, run_forward<double>(late()).out);
  }
};

struct Gradient {
  HostMatrix q_early, q_late, kv;
};

/// Gradients of loss(), by kv on top of `kv_before`.
template <class T>
Gradient run_backward(const TwoSegments& s, const HostMatrix& kv_before) {
  const auto dkv = to_matrix<T>(kv_before);
  const auto late = run_backward<T>(s.late(), s.dout_late, dkv);
  const auto early = run_backward<T>(s.early(), s.dout_early, dkv);
  return {early, late, to_host(dkv)};
}

Gradient run_backward_from_zero(const TwoSegments& s) {
  return run_backward<double>(s, HostMatrix(s.kv.n_rows, s.kv.n_columns));
}

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
  const auto groups = to_groups(in.packing, in.queries);
  const int NH = in.heads.NH, T_ = groups.longest;
  const auto logits = to_matrix<T>(HostMatrix(in.q.n_rows, NH * T_, 5)),
             weights = to_matrix<T>(HostMatrix(in.q.n_rows, NH * T_, 5));
  attention_map<T>(Exec(), to_matrix<T>(in.q), to_matrix<T>(in.kv), groups, NH, logits, weights);
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
      const auto loss = [&] { return s.loss(); };
      const Gradient gradient = run_backward_from_zero(s);
      EXPECT_TRUE(is_gradient(gradient.q_early, s.q_early, loss)) << heads.NH << "x" << heads.D;
      EXPECT_TRUE(is_gradient(gradient.q_late, s.q_late, loss)) << heads.NH << "x" << heads.D;
      EXPECT_TRUE(is_gradient(gradient.kv, s.kv, loss)) << heads.NH << "x" << heads.D;
    }
}

}  // namespace
}  // namespace superpose::kernels
