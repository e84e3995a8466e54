#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/random.hpp"
#include "data/generator.hpp"
#include "data/problem_file.hpp"
#include "data/sentences.hpp"
#include "data/statistics.hpp"
#include "problem_files.hpp"

namespace superpose::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// --- The distribution ----------------------------------------------------------------------------

struct Reference {
  const char* name;
  double mean, sd;
};

/// 60,000 problems with 3-4 hops by an independent implementation (src/data/RECORDS.md).
constexpr int n_reference = 60'000;
constexpr double kept_reference = 0.77269800386349;
constexpr Reference reference[] = {
    {"nodes", 22.7714, 2.0633},
    {"edges", 36.4916, 5.8019},
    {"hops", 3.5015, 0.5000},
    {"edges/nodes", 1.5990, 0.1824},
    {"is_dag", 1.0000, 0.0000},
    {"weak components", 1.4011, 0.5804},
    {"root,neg in same weak comp", 0.7137, 0.4520},
    {"sources (in-deg 0)", 2.5973, 0.7965},
    {"leaves (out-deg 0)", 7.3259, 1.6291},
    {"root out-deg", 3.0758, 1.2326},
    {"other-root out-deg", 3.3550, 1.2508},
    {"target in-deg", 1.5188, 0.7727},
    {"neg in-deg", 2.1296, 1.1148},
    {"target out-deg", 0.0000, 0.0000},
    {"neg out-deg", 0.0000, 0.0000},
    {"n reach root only", 11.7495, 2.7023},
    {"n reach other only", 8.9359, 2.5767},
    {"n reach both", 1.3324, 1.2300},
    {"n reach neither", 0.7536, 1.0654},
    {"reachable from root (incl root)", 13.0819, 2.7064},
    {"reachable from other (incl)", 10.2683, 2.7736},
    {"root eccentricity", 3.6903, 0.6077},
    {"target at max depth", 0.8390, 0.3675},
    {"frontier |F1|", 3.0758, 1.2326},
    {"frontier |F2|", 4.4852, 1.6953},
    {"frontier |F3|", 3.3205, 1.5789},
    {"frontier |F4|", 1.1199, 1.2051},
    {"frontier |F5|", 0.0721, 0.3020},
    {"cumulative |R1|", 4.0758, 1.2326},
    {"cumulative |R2|", 8.5610, 2.3235},
    {"cumulative |R3|", 11.8815, 2.6302},
    {"cumulative |R4|", 13.0014, 2.6809},
    {"edges leaving F1", 6.9162, 3.1669},
    {"edges leaving F2", 6.6400, 3.1711},
    {"edges leaving F3", 3.0112, 2.6362},
    {"out-deg of F1 nodes (mean)", 2.3840, 0.9676},
    {"in-deg of F1 nodes (mean)", 1.8034, 0.5116},
    {"out-deg of F2 nodes (mean)", 1.5733, 0.7323},
    {"in-deg of F2 nodes (mean)", 1.9204, 0.4788},
    {"out-deg of F3 nodes (mean)", 0.8766, 0.7228},
    {"in-deg of F3 nodes (mean)", 1.6392, 0.4886},
    {"all paths root->target", 5.9515, 7.0748},
    {"shortest paths root->target", 1.6409, 0.9420},
    {"longest path root->target", 5.2157, 1.4138},
    {"optimal set |O1|", 1.3733, 0.5983},
    {"optimal set |O2|", 1.2947, 0.5531},
    {"optimal set |O3|", 1.0826, 0.3047},
    {"neg depth from other root", 2.1042, 0.7375},
    {"target depth - neg depth", 1.3974, 0.8424},
    {"target ancestors", 6.1631, 2.1509},
    {"neg ancestors", 4.8027, 2.1530},
    {"sources reaching target", 1.1250, 0.3780},
    {"sources reaching neg", 1.0589, 0.2614},
    {"target min depth over sources", 3.3819, 0.6572},
    {"neg min depth over sources", 2.0838, 0.7360},
    {"root-only leaves", 3.4874, 1.3470},
    {"other-only leaves", 2.5223, 1.1718},
    {"leaves in reach of root", 4.6636, 1.4855},
    {"root-only leaves at max depth", 1.5123, 0.7775},
    {"target id/(n-1)", 0.8740, 0.1283},
    {"neg id/(n-1)", 0.8148, 0.1787},
    {"target id", 19.0265, 3.3240},
    {"neg id", 17.7400, 4.2493},
    {"root id", 0.6037, 0.4891},
    {"prompt tokens (stage 0, no latents)", 114.4750, 17.4058},
};

/// Expects a mean within 4 standard errors, those of both samples, of the reference.
void expect_near_reference(const std::vector<Statistic>& rows) {
  ASSERT_EQ(rows.size(), std::size(reference));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].name, reference[i].name);
    const double error = reference[i].sd * std::sqrt(1.0 / rows[i].n + 1.0 / n_reference);
    EXPECT_NEAR(rows[i].mean, reference[i].mean, 4 * error) << rows[i].name;
  }
}

TEST(GeneratorDistribution, MeansAndYieldEqualTheReference) {
  constexpr int n = 6000;
  const auto set = generate_problems({}, 0, n);
  expect_near_reference(statistics(set.problems));
  const auto tried = static_cast<double>(set.graphs_tried);
  EXPECT_NEAR(n / tried, kept_reference,
              4 * std::sqrt(kept_reference * (1 - kept_reference) / tried));
}

TEST(GeneratorDistribution, ThePublishedProblemsAreNearTheReference) {
  USE_PUBLISHED_OR_SKIP(path, "prosqa_valid_graph_4_coconut.json");
  const auto rows = statistics(read_problems(path).problems);
  expect_near_reference(rows);
  std::map<std::string, double> mean;
  for (const auto& row : rows) mean[row.name] = row.mean;
  // Superposition Table 4 (valid): |V| 22.7, |E| 36.3, length 3.5. Hops: 124 times 3, 133 times 4.
  EXPECT_NEAR(mean["nodes"], 22.7, 0.05);
  EXPECT_NEAR(mean["edges"], 36.3, 0.05);
  EXPECT_NEAR(mean["hops"], (124 * 3 + 133 * 4) / 257.0, 1e-12);
}

TEST(GeneratorDistribution, CumulativeSetsHaveThePublishedSizes) {
  USE_PUBLISHED_OR_SKIP(path, "prosqa_valid_graph_4_bfs_shuffled.json");
  const double published[] = {1, 3.95, 8.46, 11.84, 13.01};
  double mean[5] = {};
  const auto problems = read_problems(path).problems;
  for (const auto& problem : problems)
    for (int k = 0; k <= 4; ++k)
      mean[k] += static_cast<double>(problem.reachable_within(k).size()) /
                 static_cast<double>(problems.size());
  for (int k = 0; k <= 4; ++k) EXPECT_NEAR(mean[k], published[k], 0.0051) << k << " hops";
}

TEST(GeneratorDistribution, YieldOfTheFullRangeOfHops) {
  GeneratorOptions options;
  options.max_hops = 6;
  constexpr int n = 4000;
  const auto tried = static_cast<double>(generate_problems(options, 0, n).graphs_tried);
  EXPECT_NEAR(n / tried, 0.933, 4 * std::sqrt(0.933 * 0.067 / tried) + 0.0005);
}

/// Number of shortest root-target paths through each node.
std::vector<double> paths_through(const Problem& problem) {
  const auto n = static_cast<std::size_t>(problem.graph.n_nodes);
  const auto children = children_of(problem.graph);
  const auto to_target = distances_to(problem.graph, problem.target);
  std::vector<double> above(n, 0), below(n, 0);
  above[problem.root] = below[problem.target] = 1;
  for (const auto& nodes : problem.optimal)
    for (const int u : nodes)
      for (const int v : children[u])
        if (to_target[v] == to_target[u] - 1) above[v] += above[u];
  for (auto nodes = problem.optimal.rbegin(); nodes != problem.optimal.rend(); ++nodes)
    for (const int u : *nodes)
      for (const int v : children[u])
        if (to_target[v] == to_target[u] - 1) below[u] += below[v];
  for (std::size_t v = 0; v < n; ++v) above[v] *= below[v];
  return above;
}

TEST(GeneratorDistribution, StepsAreUniformOverTheShortestPaths) {
  // The first step towards the node that most shortest paths cross. If it were uniform over the
  // next nodes instead of over the paths, it would be taken too rarely.
  double taken = 0, expected = 0, variance = 0;
  for (const auto& problem : generate_problems({}, 0, 8000).problems) {
    const auto& nodes = problem.optimal[1];
    const auto paths = paths_through(problem);
    const int heaviest = *std::max_element(nodes.begin(), nodes.end(),
                                           [&](int u, int v) { return paths[u] < paths[v]; });
    const double share = paths[heaviest] / paths[problem.root];
    if (share * static_cast<double>(nodes.size()) < 1.01) continue;  // all alike
    taken += problem.steps[0] == fact(problem, is_person(problem.graph), problem.root, heaviest);
    expected += share;
    variance += share * (1 - share);
  }
  ASSERT_GT(variance, 50);
  EXPECT_NEAR(taken, expected, 4 * std::sqrt(variance));
}

// --- One problem ---------------------------------------------------------------------------------

TEST(Generator, AProblemDependsOnSeedAndIndexOnly) {
  const auto all = generate_problems({}, 0, 20);
  const auto part = generate_problems({}, 7, 12);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(part.problems[i].question, all.problems[7 + i].question);
    EXPECT_EQ(part.problems[i].graph.edges, all.problems[7 + i].graph.edges);
  }
  const auto rest = generate_problems({}, 0, 7).graphs_tried + part.graphs_tried +
                    generate_problems({}, 12, 20).graphs_tried;
  EXPECT_EQ(rest, all.graphs_tried);
  GeneratorOptions other_seed;
  other_seed.seed = 1;
  EXPECT_NE(generate_problem(other_seed, 7).problem.question, all.problems[7].question);
}

TEST(Generator, IdsAreTopologicalAndEdgesGroupedByChild) {
  for (const auto& problem : generate_problems({}, 0, 200).problems) {
    const auto& edges = problem.graph.edges;
    for (std::size_t i = 0; i < edges.size(); ++i) {
      EXPECT_LT(edges[i][0], edges[i][1]);
      EXPECT_LE(edges[i > 0 ? i - 1 : 0][1], edges[i][1]);
    }
    std::set<int> connected;
    for (const auto& edge : edges) connected.insert(edge.begin(), edge.end());
    EXPECT_EQ(connected.size(), static_cast<std::size_t>(problem.graph.n_nodes));
    EXPECT_LE(problem.root, 1);
  }
}

TEST(Generator, ShufflingOnlyRenamesTheNodes) {
  GeneratorOptions shuffled_options;
  shuffled_options.shuffle_nodes = true;
  int roots_above_1 = 0;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const auto plain = generate_problem({}, i).problem;
    const auto shuffled = generate_problem(shuffled_options, i).problem;
    std::map<std::string, int> id;
    for (int v = 0; v < shuffled.graph.n_nodes; ++v) id[shuffled.idx_to_symbol[v]] = v;
    const auto renamed = [&](int v) { return id.at(plain.idx_to_symbol[v]); };
    EXPECT_EQ(shuffled.root, renamed(plain.root));
    EXPECT_EQ(shuffled.target, renamed(plain.target));
    EXPECT_EQ(shuffled.neg_target, renamed(plain.neg_target));
    ASSERT_EQ(shuffled.graph.edges.size(), plain.graph.edges.size());
    for (std::size_t e = 0; e < plain.graph.edges.size(); ++e) {
      EXPECT_EQ(shuffled.graph.edges[e][0], renamed(plain.graph.edges[e][0]));
      EXPECT_EQ(shuffled.graph.edges[e][1], renamed(plain.graph.edges[e][1]));
    }
    EXPECT_EQ(shuffled.question, plain.question);
    EXPECT_EQ(shuffled.steps, plain.steps);
    roots_above_1 += shuffled.root > 1;
  }
  EXPECT_GT(roots_above_1, 25);
}

TEST(Generator, OtherRootIsTheOtherMainSource) {
  int wrong = 0;
  constexpr int n = 3000;
  for (const auto& problem : generate_problems({}, 0, n).problems)
    wrong += problem.other_root != 1 - problem.root;
  EXPECT_LE(wrong, n / 200);
}

TEST(Generator, MatchedDepthLeavesNothingToDepth) {
  GeneratorOptions options;
  options.match_depth = true;
  for (const auto& problem : generate_problems(options, 0, 200).problems) {
    EXPECT_EQ(distances_from(problem.graph, 1 - problem.root)[problem.neg_target], problem.hops);
    EXPECT_LT(problem.distance[problem.neg_target], 0);
  }
}

TEST(Generator, HopRangeAndSizeAreKept) {
  GeneratorOptions options;
  options.n_nodes = 10;
  options.min_hops = options.max_hops = 2;
  for (const auto& problem : generate_problems(options, 0, 200).problems) {
    EXPECT_EQ(problem.hops, 2);
    EXPECT_LE(problem.graph.n_nodes, 10);
  }
  options.n_nodes = 6;
  options.min_hops = options.max_hops = 1;
  EXPECT_EQ(generate_problem(options, 0).problem.hops, 1);
}

TEST(Generator, ARangeOfSizesIsDrawnUniformly) {
  GeneratorOptions options;
  options.n_nodes = {8, 11};
  options.min_hops = 2;
  std::map<int, int> count;
  constexpr int n = 2000;
  for (std::uint64_t i = 0; i < n; ++i) {
    // The size comes first in the problem's stream, however many graphs are then rejected.
    RandomStream random(options.seed, Purpose::generate, i);
    const int drawn = 8 + static_cast<int>(random.below(4));
    const auto problem = generate_problem(options, i).problem;
    EXPECT_LE(problem.graph.n_nodes, drawn);
    EXPECT_GE(problem.hops, 2);
    EXPECT_LE(problem.hops, 4);
    ++count[drawn];
    count[100 + drawn] += problem.graph.n_nodes == drawn;
  }
  for (int size = 8; size <= 11; ++size) {
    EXPECT_NEAR(count[size], n / 4, 4 * std::sqrt(n * 0.25 * 0.75)) << size;
    EXPECT_GT(count[100 + size], n / 40) << "graphs of that size without isolated nodes: " << size;
  }
}

TEST(Generator, ASingleNumberIsARangeOfOne) {
  GeneratorOptions number, range;
  number.n_nodes = 12;
  range.n_nodes = {12, 12};
  for (std::uint64_t i = 0; i < 20; ++i)
    EXPECT_EQ(generate_problem(number, i).problem.question,
              generate_problem(range, i).problem.question);
}

TEST(Generator, LargeGraphsContinueTheNamesWithNumbers) {
  GeneratorOptions options;
  options.n_nodes = 120;
  options.max_hops = 20;
  const auto problem = generate_problem(options, 0).problem;
  const std::set<std::string> names(problem.idx_to_symbol.begin(), problem.idx_to_symbol.end());
  EXPECT_EQ(names.size(), static_cast<std::size_t>(problem.graph.n_nodes));
  EXPECT_GT(problem.graph.n_nodes, 55);
  EXPECT_THAT(names, testing::Contains(testing::EndsWith("2")));
}

// --- Options that are refused --------------------------------------------------------------------

TEST(Generator, AHopelessConfigurationEnds) {
  GeneratorOptions options;
  options.n_nodes = 8;
  options.min_hops = options.max_hops = 7;
  EXPECT_THAT([&] { generate_problem(options, 0); },
              ThrowsMessage<Error>(HasSubstr("n_nodes = 8, min_hops = 7, max_hops = 7")));
}

}  // namespace
}  // namespace superpose::data
