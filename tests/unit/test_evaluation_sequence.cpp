/// What evaluation makes of a problem, and how long sequences become.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/error.hpp"
#include "data/curriculum.hpp"
#include "worked_prompts.hpp"

namespace superpose::data {
namespace {

using testing::ElementsAre;

std::vector<int> positions_of(const Sequence& sequence) {
  std::vector<int> positions;
  for (const auto& target : sequence.targets) {
    EXPECT_TRUE(target.labels.empty());
    positions.push_back(target.position);
  }
  return positions;
}

TEST(Evaluation, TargetsFollowEveryHopAndTheAnswer) {
  const auto problem = read_prompt(kCoconut143).problem;
  auto options = options_of(Method::coconut);
  options.shuffle_nodes = true;  // of no effect: ids are those of the file
  const auto [sequence, token_of_node] =
      evaluation_sequence(problem, 7, {}, options, Vocabulary(), 1);
  EXPECT_EQ(sequence.tokens.size(), 81U);
  EXPECT_EQ(sequence.n_latent, 3);
  EXPECT_EQ(sequence.problem, 7U);
  EXPECT_THAT(positions_of(sequence), ElementsAre(76, 77, 78, 79, 80));
  EXPECT_EQ(sequence.tokens.back(), 37);
  for (int node = 0; node < 19; ++node) EXPECT_EQ(token_of_node[node], node);
  EXPECT_EQ(sequence.tokens[76], problem.root);
}

TEST(Evaluation, TakesMoreOrFewerLatentsThanTrained) {
  const auto problem = read_prompt(kCoconut143).problem;
  auto options = options_of(Method::coconut);
  const auto run = [&](int n) {
    return positions_of(evaluation_sequence(problem, 0, n, options, Vocabulary(), 1).sequence);
  };
  EXPECT_THAT(run(0), ElementsAre(76, 77));
  EXPECT_THAT(run(1), ElementsAre(76, 77, 78));
  options.c_thought = 2;
  EXPECT_THAT(run(4), ElementsAre(76, 78, 80, 81));
  EXPECT_THAT(run(5), ElementsAre(76, 78, 80, 82));  // an unfinished hop has no target
}

TEST(Evaluation, OfCotAndNoCotHasOneTarget) {
  const auto problem = read_prompt(kCoconut143).problem;
  const auto run = [&](Method method) {
    return evaluation_sequence(problem, 0, {}, options_of(method), Vocabulary(), 1).sequence;
  };
  EXPECT_EQ(run(Method::cot).tokens.size(), 77U);
  EXPECT_THAT(positions_of(run(Method::cot)), ElementsAre(76));
  EXPECT_EQ(run(Method::no_cot).tokens.size(), 77U) << "[A] has to be generated";
  EXPECT_THAT(positions_of(run(Method::no_cot)), ElementsAre(76));
  try {
    evaluation_sequence(problem, 0, 2, options_of(Method::cot), Vocabulary(), 1);
    FAIL() << "latent tokens of cot were accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
  }
}

TEST(Evaluation, IsKeyedBySeedAndIndex) {
  const auto problem = read_prompt(kCoconut143).problem;
  std::set<std::string> prompts;
  std::map<int, int> first;
  for (std::uint64_t index = 0; index < 400; ++index) {
    const auto run = [&](Method method) {
      return evaluation_sequence(problem, index, {}, options_of(method), Vocabulary(), 1).sequence;
    };
    const auto tokens = run(Method::cot).tokens;
    EXPECT_TRUE(std::equal(tokens.begin(), tokens.end(), run(Method::coconut).tokens.begin()));
    prompts.insert(text_of(tokens));
    ++first[tokens[73]];
  }
  EXPECT_EQ(prompts.size(), 400U);
  EXPECT_EQ(first.size(), 2U);
  EXPECT_NEAR(first[2], 200, 33);  // 3.3 standard deviations
}

TEST(Length, IsThatOfTheLongestSequence) {
  const std::vector<Problem> problems = {read_prompt(kCoconut143).problem,
                                         read_prompt(kCoconut203).problem};
  for (const auto method : kMethods)
    for (const int c_thought : {1, 2})
      for (const bool last_edge_bar : {false, true}) {
        auto options = options_of(method);
        options.c_thought = c_thought;
        options.last_edge_bar = last_edge_bar;
        std::size_t longest = 0;
        for (const auto& problem : problems) {
          const auto evaluated =
              evaluation_sequence(problem, 0, {}, options, Vocabulary(), 1).sequence;
          longest = std::max(longest, evaluated.tokens.size());
          for (int stage = 0; stage < 6; ++stage)
            longest = std::max(
                longest, expand(problem, 0, stage, 0, options, Vocabulary(), 1).tokens.size());
        }
        EXPECT_EQ(longest_sequence(problems, options), static_cast<int>(longest))
            << to_string(method) << ", c_thought " << c_thought;
      }
}

TEST(Length, CountsAdditionalLatents) {
  const std::vector<Problem> problems = {read_prompt(kCoconut203).problem};
  const auto options = options_of(Method::coconut);
  EXPECT_EQ(longest_sequence(problems, options), 94);
  EXPECT_EQ(longest_sequence(problems, options, 2), 94);
  EXPECT_EQ(longest_sequence(problems, options, 9), 99);
}

TEST(Length, IsCheckedAgainstTheModel) {
  EXPECT_NO_THROW(check_fits_positions(128, 128));
  try {
    check_fits_positions(129, 128);
    FAIL() << "129 positions were accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::data);
    EXPECT_THAT(error.what(), testing::HasSubstr("model.n_positions = 129 or more"));
  }
}

}  // namespace
}  // namespace superpose::data
