/// The published prompts, their continuations in every stage and their labels.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "worked_prompts.hpp"

namespace superpose::data {
namespace {

using testing::UnorderedElementsAreArray;

constexpr const char* kIdsOfCoconut143 =
    "38 1 2 34 7 17 34 10 9 34 15 1 34 17 2 34 17 14 34 8 13 34 18 5 34 6 5 34 8 6 34 0 18 34 13 6 "
    "34 0 7 34 6 4 34 18 3 34 12 14 34 8 9 34 18 14 34 7 16 34 0 11 34 0 15 34 8 11 34 6 10 34 0 "
    "12 35 2 4 36 0";

/// What follows a published prompt in one stage.
struct WorkedStage {
  Tokens appended;  ///< after the prompt; the last one is the published draw of the label
  int loss_position;
  Tokens candidates;  ///< candidate_nodes; the answer where the published list is empty
};

struct Worked {
  const char* prompt;
  Method method;
  int hops;
  std::vector<WorkedStage> stages;
};

const std::vector<Worked> kWorked = {
    {kCoconut143,
     Method::coconut,
     3,
     {{{15}, 76, {15, 7}},
      {{33, 17}, 77, {17, 1}},
      {{33, 33, 2}, 78, {2}},
      {{33, 33, 33, 37, 2}, 80, {2}},
      {{33, 33, 33, 37, 2}, 80, {2}}}},
    {kCoconut203,
     Method::coconut,
     4,
     {{{17}, 88, {16, 17}},
      {{33, 7}, 89, {6, 7}},
      {{33, 33, 11}, 90, {11}},
      {{33, 33, 33, 14}, 91, {14}},
      {{33, 33, 33, 33, 37, 14}, 93, {14}}}},
    {kBfs143,
     Method::coconut_bfs_loss,
     3,
     {{{15}, 76, {0, 18, 7, 11, 12, 15}},
      {{33, 0}, 77, {0, 18, 7, 11, 12, 15, 5, 17, 14, 16, 3, 1}},
      {{33, 33, 3}, 78, {0, 18, 7, 11, 12, 15, 5, 17, 14, 16, 3, 1, 2}},
      {{33, 33, 33, 37, 2}, 80, {2}},
      {{33, 33, 33, 37, 2}, 80, {2}}}},
    {kBfs203,
     Method::coconut_bfs_loss,
     4,
     {{{16}, 88, {3, 16, 17}},
      {{33, 2}, 89, {8, 3, 16, 17, 5, 2, 6, 7}},
      {{33, 33, 16}, 90, {3, 16, 17, 5, 2, 6, 7, 13, 11, 12, 8}},
      {{33, 33, 33, 12}, 91, {3, 16, 17, 5, 2, 6, 7, 13, 11, 12, 8, 14}},
      {{33, 33, 33, 33, 37, 14}, 93, {14}}}}};

TEST(WorkedPrompts, AreWrittenTokenByToken) {
  for (const auto& worked : kWorked) {
    const auto [problem, layout] = read_prompt(worked.prompt);
    const auto options = options_of(worked.method);
    const auto sequence = prompt_sequence(problem, 143, layout, options, Vocabulary());
    EXPECT_EQ(text_of(sequence.tokens), worked.prompt);
    EXPECT_EQ(problem.hops, worked.hops);
    EXPECT_EQ(sequence.problem, 143U);
    EXPECT_EQ(sequence.latent_begin, static_cast<int>(sequence.tokens.size()));
    EXPECT_EQ(sequence.latent_begin, worked.stages[0].loss_position + 1);
  }
  const auto [problem, layout] = read_prompt(kCoconut143);
  std::string ids;
  for (const auto token : prompt_sequence(problem, 0, layout, {}, Vocabulary()).tokens)
    ids += (ids.empty() ? "" : " ") + std::to_string(token);
  EXPECT_EQ(ids, kIdsOfCoconut143);
}

TEST(WorkedPrompts, EveryStageAppendsThePublishedTokens) {
  for (const auto& worked : kWorked) {
    const auto written = read_prompt(worked.prompt);
    for (int stage = 0; stage <= 4; ++stage) {
      SCOPED_TRACE(std::string(worked.prompt).substr(0, 20) + " stage " + std::to_string(stage));
      const auto& expected = worked.stages[static_cast<std::size_t>(stage)];
      const auto sequence =
          worked_sequence(written, std::min(stage, worked.hops) + 1, worked.method);
      Tokens appended(sequence.tokens.begin() + sequence.latent_begin, sequence.tokens.end());
      appended.push_back(expected.appended.back());  // the label is not an input of ours
      EXPECT_EQ(appended, expected.appended);
      ASSERT_EQ(sequence.targets.size(), 1U);
      EXPECT_EQ(sequence.targets[0].position, expected.loss_position);
      EXPECT_EQ(sequence.n_latent, std::count(appended.begin(), appended.end(), 33));
      EXPECT_TRUE(sequence.feed_back);
    }
  }
}

TEST(WorkedPrompts, LabelsAreThePublishedCandidates) {
  for (const auto& worked : kWorked) {
    const auto written = read_prompt(worked.prompt);
    for (int k = 1; k <= worked.hops + 1; ++k) {
      std::set<std::int32_t> seen;
      for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const auto sequence = worked_sequence(written, k, worked.method, seed);
        const auto& labels = sequence.targets[0].labels;
        if (worked.method == Method::coconut) {
          ASSERT_EQ(labels.size(), 1U);
        }
        seen.insert(labels.begin(), labels.end());
      }
      const auto& expected = worked.stages[static_cast<std::size_t>(k - 1)];
      EXPECT_THAT(seen, UnorderedElementsAreArray(expected.candidates)) << "k = " << k;
      EXPECT_EQ(seen.count(expected.appended.back()), 1U);
    }
  }
}

TEST(Prompt, SwapsCandidatesAndRenamesNodes) {
  Problem problem;
  problem.graph = {4, {{{0, 1}}, {{0, 2}}, {{3, 2}}}};
  problem.target = 1;
  problem.neg_target = 3;
  derive(problem);
  const Layout layout{{{{3, 2}}, {{0, 1}}, {{0, 2}}}, false, {2, 3, 0, 1}};
  MethodOptions options;
  EXPECT_EQ(text_of(prompt_sequence(problem, 0, layout, options, Vocabulary()).tokens),
            "<eos> 1 0 | 2 3 | 2 0 [Q] 1 3 [R] 2");
  options.last_edge_bar = true;
  EXPECT_EQ(text_of(prompt_sequence(problem, 0, layout, options, Vocabulary()).tokens),
            "<eos> 1 0 | 2 3 | 2 0 | [Q] 1 3 [R] 2");
}

}  // namespace
}  // namespace superpose::data
