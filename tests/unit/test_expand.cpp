/// What a method makes of a problem in training.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "worked_prompts.hpp"

namespace superpose::data {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAreArray;

auto fields(const Sequence& s) {
  std::vector<std::pair<int, Tokens>> targets;
  for (const auto& target : s.targets) targets.emplace_back(target.position, target.labels);
  return std::make_tuple(s.problem, s.tokens, s.latent_begin, s.n_latent, s.feed_back, targets);
}

TEST(Expand, BfsSampleAndExactFrontierUseTheExactFrontier) {
  const auto written = read_prompt(kBfs203);
  const Tokens frontier = {8, 5, 2, 6, 7};  // exactly 2 hops from the root
  std::set<std::int32_t> seen;
  for (std::uint64_t seed = 0; seed < 60; ++seed)
    seen.insert(worked_sequence(written, 2, Method::coconut_bfs_sample, seed).targets[0].labels[0]);
  EXPECT_THAT(seen, UnorderedElementsAreArray(frontier));

  auto options = options_of(Method::coconut_bfs_loss);
  options.exact_frontier = true;
  const auto sequence = expand(written.problem, 0, 1, 0, options, Vocabulary(), 5);
  EXPECT_THAT(sequence.targets[0].labels, UnorderedElementsAreArray(frontier));
}

TEST(Expand, PauseIsCoconutWithoutFeedback) {
  const auto written = read_prompt(kCoconut203);
  for (int stage = 0; stage <= 5; ++stage) {
    auto coconut =
        expand(written.problem, 9, stage, 1, options_of(Method::coconut, 0.5), Vocabulary(), 5);
    const auto pause =
        expand(written.problem, 9, stage, 1, options_of(Method::pause, 0.5), Vocabulary(), 5);
    EXPECT_TRUE(coconut.feed_back);
    coconut.feed_back = false;
    EXPECT_EQ(fields(coconut), fields(pause));
  }
}

TEST(Expand, CotSupervisesEveryTokenOfTheContinuation) {
  const auto written = read_prompt(kCoconut203);
  const auto sequence = expand(written.problem, 0, 2, 0, options_of(Method::cot), Vocabulary(), 5);
  const int prompt = 89;
  EXPECT_FALSE(sequence.feed_back);
  EXPECT_EQ(sequence.n_latent, 0);
  EXPECT_EQ(sequence.latent_begin, prompt);
  ASSERT_EQ(sequence.tokens.size(), prompt + 6U);  // 4 nodes, [A], target
  ASSERT_EQ(sequence.targets.size(), 7U);
  for (std::size_t i = 0; i < 7; ++i) {
    const auto& target = sequence.targets[i];
    EXPECT_EQ(target.position, prompt - 1 + static_cast<int>(i));
    ASSERT_EQ(target.labels.size(), 1U);
    const std::size_t next = prompt + i;
    EXPECT_EQ(target.labels[0], next < sequence.tokens.size() ? sequence.tokens[next] : 38);
  }
  const Tokens end(sequence.tokens.begin() + prompt + 2, sequence.tokens.end());
  EXPECT_THAT(end, ElementsAre(11, 14, 37, 14));
}

TEST(Expand, NoCotSupervisesTheMarkAndTheAnswer) {
  const auto written = read_prompt(kCoconut143);
  const auto sequence =
      expand(written.problem, 0, 2, 0, options_of(Method::no_cot), Vocabulary(), 5);
  ASSERT_EQ(sequence.tokens.size(), 79U);
  EXPECT_EQ(sequence.tokens[77], 37);
  EXPECT_EQ(sequence.tokens[78], 2);
  ASSERT_EQ(sequence.targets.size(), 3U);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(sequence.targets[i].position, 76 + i);
    EXPECT_THAT(sequence.targets[i].labels, ElementsAre(std::array{37, 2, 38}[i]));
  }
  EXPECT_FALSE(sequence.feed_back);
}

TEST(Expand, WritesSeveralLatentsPerHop) {
  const auto written = read_prompt(kCoconut143);
  auto options = options_of(Method::coconut);
  options.c_thought = 2;
  const auto hop = expand(written.problem, 0, 2, 0, options, Vocabulary(), 5);
  EXPECT_EQ(hop.n_latent, 4);
  EXPECT_EQ(hop.tokens.size(), 81U);
  EXPECT_EQ(hop.targets[0].position, 80);
  const auto answer = expand(written.problem, 0, 3, 0, options, Vocabulary(), 5);
  EXPECT_EQ(answer.n_latent, 6);
  EXPECT_EQ(answer.tokens.back(), 37);
  EXPECT_EQ(answer.targets[0].position, 83);
}

// The draws in their documented order, made by hand. Fails when the order of draws changes, which
// would change every run.
TEST(Expand, DrawsInTheDocumentedOrder) {
  const auto [problem, as_published] = read_prompt(kCoconut203);
  auto options = options_of(Method::coconut, 0.5);
  options.shuffle_nodes = true;
  for (std::uint64_t epoch = 0; epoch < 50; ++epoch) {
    RandomStream stream(11, Purpose::expand, 4, epoch);
    Layout layout = as_published;
    stream.shuffle(layout.edges);
    layout.target_first = stream.below(2) == 0;
    stream.shuffle(layout.token_of_node);
    const int k = (stream.uniform() < 0.5 ? static_cast<int>(stream.below(4)) : 3) + 1;
    auto expected = prompt_sequence(problem, 4, layout, options, Vocabulary());
    append_hop(expected, problem, layout, k, options, Vocabulary(), stream);
    EXPECT_EQ(fields(expand(problem, 4, 3, epoch, options, Vocabulary(), 11)), fields(expected));
  }
}

// With every hop labelled: the sequence of "last", and before its target those that earlier stages
// would have, drawn in ascending order from what follows in the same stream.
TEST(Expand, AllHopsAreSupervisedEachBeforeItsLatents) {
  const auto [problem, as_published] = read_prompt(kCoconut203);
  for (const auto method :
       {Method::coconut, Method::coconut_bfs_sample, Method::coconut_bfs_loss, Method::pause})
    for (const int c_thought : {1, 2})
      for (int stage = 0; stage <= 5; ++stage)
        for (std::uint64_t epoch = 0; epoch < 10; ++epoch) {
          auto options = options_of(method, 0.5);
          options.c_thought = c_thought;
          const auto last = expand(problem, 4, stage, epoch, options, Vocabulary(), 11);
          options.supervise = Supervision::all;
          auto all = expand(problem, 4, stage, epoch, options, Vocabulary(), 11);

          RandomStream stream(11, Purpose::expand, 4, epoch);
          Layout layout = as_published;
          stream.shuffle(layout.edges);
          layout.target_first = stream.below(2) == 0;
          const int deepest = std::min(stage, problem.hops);
          const int k =
              1 + (stream.uniform() < 0.5 ? static_cast<int>(stream.below(deepest + 1)) : deepest);
          std::vector<Sequence> hops(static_cast<std::size_t>(k));
          for (int hop = 0; hop < k; ++hop) {  // hop k first, then 1, 2, ...
            const int number = hop == 0 ? k : hop;
            auto& sequence = hops[static_cast<std::size_t>(number - 1)];
            sequence = prompt_sequence(problem, 4, layout, options, Vocabulary());
            append_hop(sequence, problem, layout, number, options, Vocabulary(), stream);
          }
          ASSERT_EQ(all.targets.size(), hops.size());
          for (std::size_t i = 0; i < hops.size(); ++i) {
            EXPECT_EQ(all.targets[i].position, hops[i].targets[0].position);
            EXPECT_EQ(all.targets[i].labels, hops[i].targets[0].labels);
          }
          all.targets.erase(all.targets.begin(), all.targets.end() - 1);
          EXPECT_EQ(fields(all), fields(last));
        }
}

TEST(Expand, AProbabilityByStageIsThatOfTheStage) {
  const auto written = read_prompt(kCoconut203);
  auto listed = options_of(Method::coconut, 0.9);
  listed.uniform_prob_by_stage = {0, 0, 0.5, 1};
  const auto of = [&](const MethodOptions& options, int stage, std::uint64_t epoch) {
    return fields(expand(written.problem, 4, stage, epoch, options, Vocabulary(), 11));
  };
  for (int stage = 0; stage <= 5; ++stage) {  // from stage 3 on the last entry holds
    const double probability = stage < 2 ? 0 : stage == 2 ? 0.5 : 1;
    for (std::uint64_t epoch = 0; epoch < 40; ++epoch)
      EXPECT_EQ(of(listed, stage, epoch),
                of(options_of(Method::coconut, probability), stage, epoch));
  }
}

TEST(Expand, DependsOnItsKeysAndNotOnTheOrderOfCalls) {
  const auto written = read_prompt(kCoconut203);
  for (const auto method : kMethods) {
    auto options = options_of(method, 0.3);
    options.shuffle_nodes = true;
    const auto call = [&](std::uint64_t key) {
      return fields(expand(written.problem, key % 5, 3, key / 5, options, Vocabulary(), 2));
    };
    std::vector<decltype(call(0))> forward;
    for (std::uint64_t key = 0; key < 20; ++key) forward.push_back(call(key));
    for (std::uint64_t key = 20; key-- > 0;) EXPECT_EQ(call(key), forward[key]);
    EXPECT_NE(std::get<1>(forward[0]), std::get<1>(forward[1])) << "another problem index";
    EXPECT_NE(std::get<1>(forward[0]), std::get<1>(forward[5])) << "another epoch";
    const auto other = expand(written.problem, 0, 3, 0, options, Vocabulary(), 3);
    EXPECT_NE(other.tokens, std::get<1>(forward[0])) << "another seed";
  }
}

TEST(Expand, PromptIsTheSameForEveryMethodAndStage) {
  const auto written = read_prompt(kCoconut203);
  std::set<Tokens> prompts;
  for (const auto method : kMethods)
    for (int stage = 0; stage < 5; ++stage) {
      auto tokens =
          expand(written.problem, 3, stage, 8, options_of(method, 0.5), Vocabulary(), 1).tokens;
      tokens.resize(89);
      prompts.insert(tokens);
    }
  EXPECT_EQ(prompts.size(), 1U);
}

/// The children of `node` among the optimal nodes of hop k, in the order of the edges.
NodeSet next_optimal(const Problem& problem, int node, int k) {
  NodeSet next;
  for (const auto& [parent, child] : problem.graph.edges)
    if (parent == node && std::count(problem.optimal[k].begin(), problem.optimal[k].end(), child))
      next.push_back(child);
  return next;
}

// As DrawsInTheDocumentedOrder, for the path of cot.
TEST(Expand, CotDrawsItsPathHopByHopAfterTheLayout) {
  const auto [problem, as_published] = read_prompt(kCoconut203);
  auto options = options_of(Method::cot);
  options.shuffle_nodes = true;
  std::set<Tokens> paths;
  for (std::uint64_t epoch = 0; epoch < 50; ++epoch) {
    RandomStream stream(1, Purpose::expand, 6, epoch);
    Layout layout = as_published;
    stream.shuffle(layout.edges);
    stream.below(2);
    stream.shuffle(layout.token_of_node);
    const auto sequence = expand(problem, 6, 0, epoch, options, Vocabulary(), 1);
    Tokens path{problem.root};
    for (int k = 1; k <= problem.hops; ++k) {
      const auto next = next_optimal(problem, path.back(), k);
      path.push_back(next[stream.below(static_cast<std::uint32_t>(next.size()))]);
      EXPECT_EQ(sequence.tokens[88 + k], layout.token_of_node[path.back()]);
    }
    paths.insert(path);
  }
  EXPECT_EQ(paths.size(), 3U) << "all shortest paths of the problem, over its epochs";
}

}  // namespace
}  // namespace superpose::data
