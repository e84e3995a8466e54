#include "theory/threshold_study.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "data/vocabulary.hpp"
#include "theory/dense_graphs.hpp"
#include "theory/extremes.hpp"
#include "theory/over_ranks.hpp"
#include "theory/random_graphs.hpp"
#include "theory/random_steps.hpp"
#include "theory/verify_construction.hpp"

namespace superpose::theory {
namespace {

using distributed::Communicator;

constexpr int beyond = 1;  ///< thoughts after the diameter
constexpr auto rules = all_values<ConstantsRule>();

/// Sizes that serve every graph of n nodes and so many edges: no diameter is longer than n - 1.
Sizes sizes_for(int n_nodes, int n_edges) {
  return {n_nodes, n_edges, positions_needed(n_edges, n_nodes - 1, beyond)};
}

/// The construction by both rules.
class Pair {
 public:
  explicit Pair(const Sizes& sizes) : vocabulary_(data::smallest_vocab_size(sizes.n_max)) {
    for (const auto rule : rules)
      constructions_.emplace_back(choose_constants(Encoding::sinusoidal, sizes, 0, rule),
                                  vocabulary_);
  }

  ByRule run(const data::Problem& problem, std::uint64_t seed, std::uint64_t index) {
    ByRule found;
    for (const auto rule : rules) {
      auto& construction = constructions_[index_of(rule)];
      const auto r = verify_construction(construction, vocabulary_, problem, seed, index, beyond);
      found.incomplete[index_of(rule)] = r.smallest_reachable < 1;
      for (int offset = 0; offset <= furthest_offset; ++offset)
        if (r.right[offset + furthest_offset] < r.asked[offset + furthest_offset])
          found.wrong[index_of(rule)] = 1;
      if (rule == ConstantsRule::ours) found.weight = r.smallest_reachable * eps_2(rule);
    }
    return found;
  }

  double eps_2(ConstantsRule rule) const {
    return constructions_[index_of(rule)].constants().eps_2;
  }

 private:
  data::Vocabulary vocabulary_;
  std::vector<Construction<double>> constructions_;  ///< [rule]
};

void add(ByRule& sum, const ByRule& one) {
  for (const auto rule : rules) {
    sum.incomplete[index_of(rule)] += one.incomplete[index_of(rule)];
    sum.wrong[index_of(rule)] += one.wrong[index_of(rule)];
  }
  sum.weight = smaller(sum.weight, one.weight);
}

// --- Every small graph ---------------------------------------------------------------------------

/// From node 0 to the lightest node of an example.
SmallResult try_example(const SmallSearch& search) {
  SmallResult result{search, {}, {}};
  if (search.failing == 0) return result;
  data::Problem problem;
  problem.graph = graph_of(search.kind, search.example);
  result.lightest = lightest_node(problem.graph, 0);
  problem.target = static_cast<int>(result.lightest.node);
  problem.neg_target = search.kind.unreached != 0 ? problem.graph.n_nodes - 1 : 0;
  data::derive(problem);
  Pair pair(sizes_for(problem.graph.n_nodes, static_cast<int>(problem.graph.edges.size())));
  result.found = pair.run(problem, 0, 0);
  if (search.kind.unreached == 0) result.found.wrong = {-1, -1};  // both candidates are reached
  return result;
}

/// With and without a node that is not reached, with and without loops: sizes up to the first that
/// fails, up to `largest` nodes or 2^30 graphs.
std::vector<SmallResult> search_small(int largest, const Communicator& world) {
  std::vector<SmallResult> results;
  for (const int unreached : {1, 0})
    for (const int loops : {0, 1})
      for (int n = 2 + unreached; n <= largest; ++n) {
        const SmallGraphs kind{n, loops, unreached};
        if (kind.places() > 30) break;
        results.push_back(try_example(search_all(kind, world)));
        if (results.back().search.failing > 0) break;
      }
  return results;
}

// --- Cliques with a tail -------------------------------------------------------------------------

CliqueResult try_clique(int clique) {
  const auto problem = clique_problem(clique, 1);
  const int n_edges = static_cast<int>(problem.graph.edges.size());
  Pair pair(sizes_for(problem.graph.n_nodes, n_edges));
  CliqueResult result{clique, problem.graph.n_nodes, n_edges, {}, {}, {}};
  result.lightest = lightest_node(problem.graph, problem.root);
  for (const auto rule : rules) result.eps_2[index_of(rule)] = pair.eps_2(rule);
  result.found = pair.run(problem, 0, clique);
  return result;
}

// --- Random graphs -------------------------------------------------------------------------------

/// Edges of the graphs of n nodes: 1 to n edges a node, in steps that grow.
std::vector<int> edge_counts(int n) {
  std::vector<int> counts;
  const int most = (n - 1) * (n - 1);
  for (const double per_node : {1.0, 1.6, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0})
    if (per_node * n < most) counts.push_back(static_cast<int>(std::lround(per_node * n)));
  counts.push_back(most);
  return counts;
}

/// Graph `index` with a question, drawn from (seed, index).
data::Problem draw_dense(int n, int n_edges, std::uint64_t seed, std::uint64_t index) {
  RandomStream random(seed, Purpose::theory, index, random_step::dense_graph);
  for (;;) {
    const auto graph = shuffled_graph(n, dense_edges(n, n_edges, random), random);
    if (auto problem = draw_question(graph, random)) return *problem;
  }
}

DensityResult try_density(int n, int n_edges, std::uint64_t first, const ThresholdOptions& options,
                          const Communicator& world) {
  struct Outcome {
    std::int64_t predicted;
    ByRule found;
  };
  std::unique_ptr<Pair> pair;  // not made by a rank without work
  const std::uint64_t count = options.count;
  const auto outcomes = over_ranks(world, count, [&](std::uint64_t i) {
    if (!pair) pair = std::make_unique<Pair>(sizes_for(n, n_edges));
    const auto problem = draw_dense(n, n_edges, options.seed, first + i);
    return Outcome{lightest_node(problem.graph, problem.root).is_below_paper(n),
                   pair->run(problem, options.seed, first + i)};
  });
  DensityResult result{n, n_edges, options.count, 0, {}};
  result.found.weight = std::numeric_limits<double>::infinity();
  for (const auto& outcome : outcomes) {
    result.predicted += outcome.predicted;
    add(result.found, outcome.found);
  }
  return result;
}

}  // namespace

ThresholdResults study_threshold(const ThresholdOptions& options, const Communicator& world) {
  ThresholdResults results;
  results.smallest = search_small(options.search, world);
  results.cliques = over_ranks(world, options.clique - 1,
                               [](std::uint64_t i) { return try_clique(2 + static_cast<int>(i)); });
  std::uint64_t first = 0;
  for (int n = 8; n <= options.largest; n += 8)
    for (const int n_edges : edge_counts(n)) {
      results.densities.push_back(try_density(n, n_edges, first, options, world));
      first += options.count;
    }
  return results;
}

}  // namespace superpose::theory
