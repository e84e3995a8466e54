#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/error.hpp"
#include "data/curriculum.hpp"
#include "data/expand.hpp"
#include "worked_prompts.hpp"

namespace superpose::data {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAreArray;
using Tokens = std::vector<std::int32_t>;

constexpr Method kMethods[] = {Method::coconut,          Method::coconut_bfs_sample,
                               Method::coconut_bfs_loss, Method::cot,
                               Method::no_cot,           Method::pause};

constexpr const char* kIdsOfCoconut143 =
    "38 1 2 34 7 17 34 10 9 34 15 1 34 17 2 34 17 14 34 8 13 34 18 5 34 6 5 34 8 6 34 0 18 34 13 6 "
    "34 0 7 34 6 4 34 18 3 34 12 14 34 8 9 34 18 14 34 7 16 34 0 11 34 0 15 34 8 11 34 6 10 34 0 "
    "12 35 2 4 36 0";

std::string text_of(const Tokens& tokens) {
  const Vocabulary vocabulary;
  std::string text;
  for (const auto token : tokens) text += (text.empty() ? "" : " ") + vocabulary.name(token);
  return text;
}

auto fields(const Sequence& s) {
  std::vector<std::pair<int, Tokens>> targets;
  for (const auto& target : s.targets) targets.emplace_back(target.position, target.labels);
  return std::make_tuple(s.problem, s.tokens, s.latent_begin, s.n_latent, s.feed_back, targets);
}

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

Sequence worked_sequence(const Written& written, int k, Method method, std::uint64_t seed = 0) {
  RandomStream stream(seed, Purpose::expand, 0);
  const auto options = options_of(method);
  auto sequence = prompt_sequence(written.problem, 0, written.layout, options, Vocabulary());
  append_hop(sequence, written.problem, written.layout, k, options, Vocabulary(), stream);
  return sequence;
}

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

// --- Evaluation ---------------------------------------------------------------------------------

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

// --- Lengths ------------------------------------------------------------------------------------

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
    EXPECT_THAT(error.what(), testing::HasSubstr("set model.n_positions to 129"));
  }
}

}  // namespace
}  // namespace superpose::data
