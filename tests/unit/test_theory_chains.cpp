#include <gtest/gtest.h>

#include <cmath>

#include "theory/chains_study.hpp"
#include "theory/discrete_chains.hpp"
#include "theory/random_graphs.hpp"
#include "theory/verify_construction.hpp"

namespace superpose::theory {
namespace {

data::Problem problem_of(int n_nodes, std::vector<std::array<int, 2>> edges,
                         std::array<int, 3> root_target_other) {
  data::Problem problem;
  problem.graph = {n_nodes, std::move(edges)};
  problem.root = root_target_other[0];
  problem.target = root_target_other[1];
  problem.neg_target = root_target_other[2];
  data::derive(problem);
  return problem;
}

/// The construction after the prompt of one problem, with room for `further` tokens.
struct Prompted {
  Prompted(const data::Problem& problem, int further)
      : construction(choose_constants(Encoding::sinusoidal, sizes_of({problem}, further)),
                     vocabulary) {
    for (const auto token : prompt_of(problem, vocabulary, 1, 0)) construction.append(token);
  }
  data::Vocabulary vocabulary;
  Construction<double> construction;
};

struct Counted {
  std::array<int, 4> ended{};
  double steps = 0;  ///< mean
  int of(ChainEnd end) const { return ended[static_cast<std::size_t>(end)]; }
};

Counted run_chains(const data::Problem& problem, Decoding decoding, int draws) {
  Prompted prompted(problem, 1);
  const auto thoughts = node_thoughts(prompted.construction, prompted.vocabulary, problem);
  RandomStream random(3, Purpose::theory, 0);
  Counted counted;
  for (int i = 0; i < draws; ++i) {
    const auto chain = run_chain(thoughts, problem, decoding, random);
    ++counted.ended[static_cast<std::size_t>(chain.end)];
    counted.steps += static_cast<double>(chain.steps);
  }
  counted.steps /= draws;
  return counted;
}

/// Later tokens see the prompt alone: what follows a token is the same wherever in a chain it
/// stands, and the superposition of a node with its children.
TEST(DiscreteChains, AThoughtDependsOnTheLastTokenOnly) {
  for (int index = 0; index < 6; ++index) {
    const auto problem = random_problem(5, index, 6, 12);
    const auto children = data::children_of(problem.graph);
    Prompted prompted(problem, 40);
    const auto thoughts = node_thoughts(prompted.construction, prompted.vocabulary, problem);
    RandomStream random(7, Purpose::theory, index);
    for (int step = 0; step < 30; ++step) {
      const int v = static_cast<int>(random.below(problem.graph.n_nodes));
      prompted.construction.append(v);
      EXPECT_EQ(thoughts.named[v], named_candidate(prompted.construction, prompted.vocabulary));
      const bool candidate = v == problem.target || v == problem.neg_target;
      EXPECT_EQ(thoughts.named[v], candidate ? v : -1);
      if (children[v].empty()) {
        EXPECT_TRUE(thoughts.next[v].empty());
        continue;
      }
      std::vector<double> expected(problem.graph.n_nodes, 0), found(expected);
      expected[v] = 1;
      for (const int child : children[v]) expected[child] = 1;
      double size = 0;
      for (const double x : expected) size += x;
      for (const auto& [node, weight] : prompted.construction.output().thought)
        found[node] = weight;
      for (std::size_t u = 0; u < found.size(); ++u)
        EXPECT_NEAR(found[u], expected[u] / std::sqrt(size), 1e-15);
      ASSERT_EQ(thoughts.next[v].size(), static_cast<std::size_t>(size));
      for (const auto& [node, weight] : thoughts.next[v]) EXPECT_EQ(weight, found[node]);
    }
  }
}

/// Along a path of H edges a sampled chain stays with probability 1/2 at each step: 2 H steps in
/// the mean, 2 H the variance. The others take H.
TEST(DiscreteChains, TakeTheKnownTimeAlongAPath) {
  const auto path = problem_of(8, {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {6, 7}}, {0, 5, 7});
  constexpr int draws = 4000;
  const auto sampled = run_chains(path, Decoding::sampled, draws);
  EXPECT_EQ(sampled.of(ChainEnd::named), draws);
  EXPECT_NEAR(sampled.steps, 10, 5 * std::sqrt(10.0 / draws));
  for (const auto decoding : {Decoding::greedy, Decoding::depth_first}) {
    const auto counted = run_chains(path, decoding, 20);
    EXPECT_EQ(counted.of(ChainEnd::named), 20);
    EXPECT_EQ(counted.steps, 5);
  }
}

/// Of two edges out of the root one leads to the target and one to where no edge leaves: half of
/// the chains are trapped. Depth first goes back: 1 step or, after 2 in vain, 3.
TEST(DiscreteChains, AreTrappedWhereNoEdgeLeaves) {
  const auto fork = problem_of(5, {{0, 1}, {0, 2}, {3, 4}}, {0, 2, 4});
  constexpr int draws = 4000;
  for (const auto decoding : {Decoding::sampled, Decoding::greedy}) {
    const auto counted = run_chains(fork, decoding, draws);
    EXPECT_NEAR(counted.of(ChainEnd::named), draws / 2.0, 5 * std::sqrt(draws / 4.0));
    EXPECT_EQ(counted.of(ChainEnd::named) + counted.of(ChainEnd::trapped), draws);
  }
  const auto searched = run_chains(fork, Decoding::depth_first, draws);
  EXPECT_EQ(searched.of(ChainEnd::named), draws);
  EXPECT_NEAR(searched.steps, 2, 5 / std::sqrt(1.0 * draws));
}

/// A cycle beside the way to the target: greedy goes round it, or not at all.
TEST(DiscreteChains, GreedyIsTrappedInACycle) {
  const auto cycle = problem_of(5, {{0, 1}, {1, 0}, {1, 2}, {3, 4}}, {0, 2, 4});
  const auto greedy = run_chains(cycle, Decoding::greedy, 400);
  EXPECT_GT(greedy.of(ChainEnd::trapped), 100);
  EXPECT_GT(greedy.of(ChainEnd::named), 100);
  EXPECT_EQ(run_chains(cycle, Decoding::sampled, 400).of(ChainEnd::trapped), 0);
}

/// Not more than n^2 steps: a lazy walk along a cycle of 3 nodes that leaves it rarely.
TEST(DiscreteChains, EndAtTheLimitOfSteps) {
  const auto clique =
      problem_of(6, {{0, 1}, {1, 0}, {0, 2}, {2, 0}, {1, 2}, {2, 1}, {2, 3}, {4, 5}}, {0, 3, 5});
  Prompted prompted(clique, 1);
  auto thoughts = node_thoughts(prompted.construction, prompted.vocabulary, clique);
  thoughts.next[2].pop_back();  // the way out, which the chain cannot know of
  RandomStream random(3, Purpose::theory, 0);
  const auto chain = run_chain(thoughts, clique, Decoding::sampled, random);
  EXPECT_EQ(chain.end, ChainEnd::out_of_steps);
  EXPECT_EQ(chain.steps, 36);
}

TEST(DiscreteChains, DepthFirstNamesTheTargetWithinTwiceTheNodes) {
  for (int index = 0; index < 30; ++index) {
    const auto problem = random_problem(5, index, 8, 30);
    const auto counted = run_chains(problem, Decoding::depth_first, 20);
    EXPECT_EQ(counted.of(ChainEnd::named), 20);
    EXPECT_LE(counted.steps, 2 * problem.graph.n_nodes);
    EXPECT_GE(counted.steps, problem.hops);
  }
}

TEST(ChainsReport, PutsGraphsIntoBins) {
  std::vector<ChainsResult> graphs(3);
  const std::array<std::int64_t, 3> nodes{8, 15, 16};
  for (int i = 0; i < 3; ++i) {
    graphs[i].n_nodes = nodes[i];
    graphs[i].diameter = 3;
    graphs[i].superposition = i == 1 ? -1 : 2;
    for (auto& chains : graphs[i].chains) {
      chains.ended = {i, 0, 4 - i, 0};
      chains.steps = 10.0 * i;
    }
  }
  const auto table = chains_by_nodes_table(graphs, 4);
  EXPECT_EQ(table.index(), (std::vector<std::int64_t>{8, 16}));
  EXPECT_EQ(table.values("graphs"), (std::vector<double>{2, 1}));
  EXPECT_EQ(table.values("steps_greedy"), (std::vector<double>{5, 20}));
  EXPECT_EQ(table.values("named_greedy"), (std::vector<double>{0.125, 0.5}));
  EXPECT_EQ(table.values("answered"), (std::vector<double>{0.5, 1}));
  EXPECT_EQ(table.values("superposition"), (std::vector<double>{(2 + 225) / 2.0, 2}));
  constexpr double t = 12.7062047364;  // Student's, of two measurements
  EXPECT_NEAR(table.values("steps_greedy_half_width")[0], t * 5, 1e-8);
  EXPECT_TRUE(std::isnan(table.values("steps_greedy_half_width")[1]));
  EXPECT_EQ(chains_by_diameter_table(graphs, 4).index(), std::vector<std::int64_t>{2});
}

}  // namespace
}  // namespace superpose::theory
