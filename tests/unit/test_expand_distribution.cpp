// What expand draws, against the distributions that expand.hpp promises: Pearson's chi-square
// against its 0.999 quantile, with fixed seeds.

#include <gtest/gtest.h>

#include <map>

#include "data/expand.hpp"
#include "worked_prompts.hpp"

namespace superpose::data {
namespace {

double chi_square(const std::map<int, int>& counts, const std::map<int, double>& probabilities) {
  int draws = 0;
  for (const auto& [value, count] : counts) {
    EXPECT_EQ(probabilities.count(value), 1U) << "impossible value " << value;
    draws += count;
  }
  double sum = 0;
  for (const auto& [value, probability] : probabilities) {
    const double expected = probability * draws;
    const auto found = counts.find(value);
    const double difference = (found == counts.end() ? 0 : found->second) - expected;
    sum += difference * difference / expected;
  }
  return sum;
}

std::map<int, double> uniform_over(int n) {
  std::map<int, double> probabilities;
  for (int value = 0; value < n; ++value) probabilities[value] = 1.0 / n;
  return probabilities;
}

/// Counts statistic(sequence) over 4000 epochs of problem 203.
template <class Statistic>
std::map<int, int> count_over_epochs(const Problem& problem, int stage,
                                     const MethodOptions& options, const Statistic& statistic) {
  std::map<int, int> counts;
  for (std::uint64_t epoch = 0; epoch < 4000; ++epoch)
    ++counts[statistic(expand(problem, 3, stage, epoch, options, Vocabulary(), 17))];
  return counts;
}

int latents_of(const Sequence& sequence) {
  return sequence.n_latent;
}
int label_of(const Sequence& sequence) {
  return sequence.targets[0].labels[0];
}

TEST(Distribution, StageIsUniformFromZeroToTheStageInclusive) {
  const auto problem = read_prompt(kCoconut203).problem;
  const auto half = count_over_epochs(problem, 2, options_of(Method::coconut, 0.5), latents_of);
  EXPECT_LT(chi_square(half, {{0, 1.0 / 6}, {1, 1.0 / 6}, {2, 4.0 / 6}}), 13.82);
  const auto capped = count_over_epochs(problem, 9, options_of(Method::coconut, 1), latents_of);
  EXPECT_LT(chi_square(capped, uniform_over(5)), 18.47);
  const auto never = count_over_epochs(problem, 3, options_of(Method::coconut, 0), latents_of);
  EXPECT_EQ(never, (std::map<int, int>{{3, 4000}}));
}

TEST(Distribution, LabelIsUniformOverItsSet) {
  const auto problem = read_prompt(kCoconut203).problem;
  const auto optimal = count_over_epochs(problem, 0, options_of(Method::coconut), label_of);
  EXPECT_LT(chi_square(optimal, {{16, 0.5}, {17, 0.5}}), 10.83);
  const auto frontier =
      count_over_epochs(problem, 1, options_of(Method::coconut_bfs_sample), label_of);
  EXPECT_LT(chi_square(frontier, {{8, 0.2}, {5, 0.2}, {2, 0.2}, {6, 0.2}, {7, 0.2}}), 18.47);
}

TEST(Distribution, EdgesAndCandidatesAreShuffled) {
  const auto problem = read_prompt(kCoconut203).problem;
  const auto options = options_of(Method::coconut);
  const auto place_of_first_edge = [](const Sequence& sequence) {
    int place = 0;
    while (sequence.tokens[3 * place + 1] != 3 || sequence.tokens[3 * place + 2] != 17) ++place;
    return place;
  };
  const auto places = count_over_epochs(problem, 0, options, place_of_first_edge);
  EXPECT_LT(chi_square(places, uniform_over(28)), 55.48);
  const auto first =
      count_over_epochs(problem, 0, options, [](const Sequence& s) { return s.tokens[85]; });
  EXPECT_LT(chi_square(first, {{14, 0.5}, {10, 0.5}}), 10.83);
}

TEST(Distribution, IdsArePermutedOnlyWhenAsked) {
  const auto problem = read_prompt(kCoconut203).problem;
  const auto root = [](const Sequence& sequence) { return sequence.tokens[88]; };
  auto options = options_of(Method::coconut);
  EXPECT_EQ(count_over_epochs(problem, 0, options, root), (std::map<int, int>{{3, 4000}}));
  options.shuffle_nodes = true;
  EXPECT_LT(chi_square(count_over_epochs(problem, 0, options, root), uniform_over(18)), 40.79);
}

TEST(Distribution, CotPathIsUniformOverBranchesNotOverPaths) {
  const auto problem = read_prompt(kCoconut203).problem;  // 3-16-7, 3-17-6, 3-17-7, then 11-14
  const auto counts = count_over_epochs(
      problem, 0, options_of(Method::cot),
      [](const Sequence& sequence) { return 100 * sequence.tokens[89] + sequence.tokens[90]; });
  EXPECT_LT(chi_square(counts, {{1607, 0.5}, {1706, 0.25}, {1707, 0.25}}), 13.82);
}

}  // namespace
}  // namespace superpose::data
