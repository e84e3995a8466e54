#include <numeric>

#include "kokkos_kernels/cross_entropy.hpp"
#include "reference.hpp"

namespace superpose::kernels {
namespace {

/// Target n: logits row `output` and its label set.
struct Target {
  int output;
  std::vector<int> labels;
};
using Targets = std::vector<Target>;

std::vector<int> first_labels(int n) {
  std::vector<int> labels(n);
  std::iota(labels.begin(), labels.end(), 0);
  return labels;
}

/// Of five rows, row 1 and 4 have no target, and the targets are not in the order of the rows.
Targets mixed_targets(int vocabulary) {
  return {{3, {vocabulary - 1}}, {0, {0}}, {2, first_labels((vocabulary + 1) / 2)}};
}
constexpr int n_outputs = 5;
const std::vector<int> vocabularies = {1, 2, 33, 40, 128, 768};

Labels to_labels(const Targets& targets) {
  std::vector<int> output, begin{0}, label;
  for (const auto& target : targets) {
    output.push_back(target.output);
    label.insert(label.end(), target.labels.begin(), target.labels.end());
    begin.push_back(static_cast<int>(label.size()));
  }
  return {to_indices(output), to_indices(begin), to_indices(label)};
}

struct Result {
  HostMatrix loss, dlogits;
};

/// -log of the summed softmax probability of the labels, and its derivative.
Result plain_cross_entropy(const HostMatrix& logits, const Targets& targets) {
  Result out{HostMatrix(1, static_cast<int>(targets.size())),
             HostMatrix(logits.n_rows, logits.n_columns)};
  for (std::size_t n = 0; n < targets.size(); ++n) {
    const auto& [o, labels] = targets[n];
    double all = 0, in_set = 0;
    for (int v = 0; v < logits.n_columns; ++v) all += std::exp(logits(o, v));
    for (const int v : labels) in_set += std::exp(logits(o, v));
    out.loss.values[n] = -std::log(in_set / all);
    for (int v = 0; v < logits.n_columns; ++v) out.dlogits(o, v) = std::exp(logits(o, v)) / all;
    for (const int v : labels) out.dlogits(o, v) -= std::exp(logits(o, v)) / in_set;
  }
  return out;
}

template <class T>
Result run(const HostMatrix& logits, const Targets& targets) {
  const Vector<T> loss("test_loss", targets.size());
  const auto dlogits = to_matrix<T>(HostMatrix(logits.n_rows, logits.n_columns, 5));
  cross_entropy<T>(Exec(), to_matrix<T>(logits), to_labels(targets), loss, dlogits);
  return {to_host(loss), to_host(dlogits)};
}

template <class T>
class CrossEntropy : public testing::Test {};
TYPED_TEST_SUITE(CrossEntropy, FloatTypes);

TYPED_TEST(CrossEntropy, EqualsThePlainLoop) {
  constexpr double roundings = 8 * std::numeric_limits<TypeParam>::epsilon();
  for (const int V : vocabularies) {
    const auto logits = random_matrix(n_outputs, V, 1);
    const auto expected = plain_cross_entropy(logits, mixed_targets(V));
    const auto actual = run<TypeParam>(logits, mixed_targets(V));
    EXPECT_TRUE(near<TypeParam>(actual.loss, expected.loss, 16)) << "V " << V;
    EXPECT_TRUE(within(actual.dlogits, expected.dlogits, roundings)) << "V " << V;
  }
}

TYPED_TEST(CrossEntropy, RowsWithoutTargetHaveZeroGradient) {
  const auto dlogits = run<TypeParam>(random_matrix(n_outputs, 40, 1), mixed_targets(40)).dlogits;
  for (const int row : {1, 4})
    for (int v = 0; v < 40; ++v) EXPECT_EQ(dlogits(row, v), 0) << row << "," << v;
}

TYPED_TEST(CrossEntropy, SetOfAllLabelsHasNoLoss) {
  for (const int V : vocabularies) {
    const auto result = run<TypeParam>(random_matrix(1, V, 1), {{0, first_labels(V)}});
    constexpr double rounding = std::numeric_limits<TypeParam>::epsilon();
    EXPECT_NEAR(result.loss(0, 0), 0, 8 * rounding) << "V " << V;
    EXPECT_TRUE(within(result.dlogits, HostMatrix(1, V), 2 * rounding)) << "V " << V;
  }
}

TYPED_TEST(CrossEntropy, LargeLogitsStayFinite) {
  const auto logits = host_row({1000, -1000, 999, 1000});
  const double e = std::exp(1.0);
  // One sure label, one whose probability underflows, and a set that shares the mass.
  const auto likely = run<TypeParam>(logits, {{0, {2}}});
  const auto unlikely = run<TypeParam>(logits, {{0, {1}}});
  const auto set = run<TypeParam>(logits, {{0, {1, 2, 3}}});
  const double rounding = 8 * std::numeric_limits<TypeParam>::epsilon();
  EXPECT_NEAR(likely.loss(0, 0), std::log(2 * e + 1), rounding);
  EXPECT_NEAR(unlikely.loss(0, 0), 2000 + std::log(2 + 1 / e), 2000 * rounding);
  EXPECT_NEAR(set.loss(0, 0), std::log((2 * e + 1) / (e + 1)), rounding);
  EXPECT_TRUE(within(unlikely.dlogits,
                     host_row({e / (2 * e + 1), -1, 1 / (2 * e + 1), e / (2 * e + 1)}), rounding));
}

TEST(CrossEntropyGradient, IsTheDerivativeOfTheSummedLoss) {
  for (const int V : vocabularies) {
    auto logits = random_matrix(n_outputs, V, 1);
    const auto targets = mixed_targets(V);
    const auto loss = [&] {
      return inner_product(run<double>(logits, targets).loss, HostMatrix(1, 3, 1));
    };
    EXPECT_TRUE(is_gradient(run<double>(logits, targets).dlogits, logits, loss)) << "V " << V;
  }
}

}  // namespace
}  // namespace superpose::kernels
