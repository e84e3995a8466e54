#include "data/generator.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"
#include "data/raw_graph.hpp"
#include "data/sentences.hpp"

namespace superpose::data {
namespace {

constexpr int max_attempts = 100'000;

/// A leaf below one of the main sources and not below the other.
struct Leaf {
  int root, node, depth;
};

std::vector<Leaf> leaves_of_sides(const Graph& graph) {
  const auto children = children_of(graph);
  const std::array distance{distances_from(children, 0), distances_from(children, 1)};
  std::vector<Leaf> leaves;
  for (int root : {0, 1})
    for (int v = 0; v < graph.n_nodes; ++v)
      if (children[v].empty() && distance[root][v] >= 0 && distance[1 - root][v] < 0)
        leaves.push_back({root, v, distance[root][v]});
  return leaves;
}

template <class Condition>
std::vector<Leaf> leaves_where(const std::vector<Leaf>& leaves, Condition condition) {
  std::vector<Leaf> kept;
  std::copy_if(leaves.begin(), leaves.end(), std::back_inserter(kept), condition);
  return kept;
}

const Leaf& any_of(const std::vector<Leaf>& leaves, RandomStream& random) {
  return leaves[random.below(static_cast<std::uint32_t>(leaves.size()))];
}

/// Sets root, target (a deepest leaf of either side) and neg_target (a leaf of the other side);
/// false if the graph offers none.
bool choose_candidates(const GeneratorOptions& options, Problem& problem, RandomStream& random) {
  const auto leaves = leaves_of_sides(problem.graph);
  int hops = 0;
  for (const auto& leaf : leaves) hops = std::max(hops, leaf.depth);
  if (hops < options.min_hops || hops > options.max_hops) return false;
  const Leaf target =
      any_of(leaves_where(leaves, [=](const Leaf& leaf) { return leaf.depth == hops; }), random);
  const auto negatives = leaves_where(leaves, [&](const Leaf& leaf) {
    return leaf.root != target.root && (!options.match_depth || leaf.depth == hops);
  });
  if (negatives.empty()) return false;
  problem.root = target.root;
  problem.target = target.node;
  problem.neg_target = any_of(negatives, random).node;
  return true;
}

/// Nodes of one of the shortest paths, each path equally likely: a step goes to a child with
/// probability proportional to the number of shortest paths from there to the target.
NodeSet draw_shortest_path(const Problem& problem, RandomStream& random) {
  const auto children = children_of(problem.graph);
  const auto to_target = distances_to(problem.graph, problem.target);
  std::vector<double> n_paths(problem.graph.n_nodes, 0.0);
  n_paths[problem.target] = 1;
  for (int k = problem.hops - 1; k >= 0; --k)
    for (const int u : problem.optimal[k])
      for (const int v : children[u])
        if (to_target[v] == problem.hops - k - 1) n_paths[u] += n_paths[v];
  NodeSet path{problem.root};
  for (int k = 1; k <= problem.hops; ++k) {
    NodeSet next;
    std::vector<double> weights;
    for (const int v : children[path.back()]) {
      if (to_target[v] != problem.hops - k) continue;
      next.push_back(v);
      weights.push_back(n_paths[v]);
    }
    path.push_back(next[draw_weighted(weights, random)]);
  }
  return path;
}

void write_sentences(Problem& problem, RandomStream& random) {
  const auto persons = is_person(problem.graph);
  problem.idx_to_symbol = draw_names(problem.graph, random);
  const auto path = draw_shortest_path(problem, random);
  for (std::size_t k = 1; k < path.size(); ++k)
    problem.steps.push_back(fact(problem, persons, path[k - 1], path[k]));
  auto edges = problem.graph.edges;
  random.shuffle(edges);
  for (const auto& [parent, child] : edges)
    problem.question += fact(problem, persons, parent, child) + " ";
  const bool target_first = random.below(2) == 0;
  problem.question += target_first ? final_question(problem, problem.target, problem.neg_target)
                                   : final_question(problem, problem.neg_target, problem.target);
  problem.answer = answer_sentence(problem);
}

/// One of the range, each equally likely. A single number draws nothing, so that problems of one
/// size do not depend on whether there are ranges.
int draw_from(const IntRange& range, RandomStream& random) {
  if (range.is_single()) return range.min;
  return range.min + static_cast<int>(random.below(range.max - range.min + 1));
}

[[noreturn]] void refuse_hopeless(const GeneratorOptions& options, int n_nodes) {
  fail(ExitCode::usage,
       "these options practically never yield a problem ({} graphs of {} nodes in a row were "
       "rejected): change n_nodes = {}, min_hops = {}, max_hops = {}{}",
       max_attempts, n_nodes, to_string(options.n_nodes), options.min_hops, options.max_hops,
       options.match_depth ? " or switch match_depth off" : "");
}

/// Renames the nodes by a random permutation; the order of the edges stays.
void permute_ids(Problem& problem, RandomStream& random) {
  std::vector<int> id(problem.graph.n_nodes);
  std::iota(id.begin(), id.end(), 0);
  random.shuffle(id);
  for (auto& [parent, child] : problem.graph.edges) {
    parent = id[parent];
    child = id[child];
  }
  for (int* node : {&problem.root, &problem.target, &problem.neg_target}) *node = id[*node];
  const auto names = problem.idx_to_symbol;
  for (std::size_t v = 0; v < names.size(); ++v) problem.idx_to_symbol[id[v]] = names[v];
}

}  // namespace

GeneratedProblem generate_problem(const GeneratorOptions& options, std::uint64_t index) {
  RandomStream random(options.seed, Purpose::generate, index);
  // Once, not for every attempt: small graphs are rejected more often, and would be rare.
  const int n_nodes = draw_from(options.n_nodes, random);
  for (int attempt = 1; attempt <= max_attempts; ++attempt) {
    auto graph = draw_raw_graph(options, n_nodes, random);
    Problem problem;
    if (!graph) continue;
    problem.graph = std::move(*graph);
    if (!choose_candidates(options, problem, random)) continue;
    derive(problem);
    write_sentences(problem, random);
    if (options.shuffle_nodes) {
      permute_ids(problem, random);
      derive(problem);
    }
    return {std::move(problem), attempt};
  }
  refuse_hopeless(options, n_nodes);
}

GeneratedProblems generate_problems(const GeneratorOptions& options, std::uint64_t begin,
                                    std::uint64_t end) {
  GeneratedProblems set;
  set.problems.reserve(end - begin);
  for (std::uint64_t index = begin; index < end; ++index) {
    auto generated = generate_problem(options, index);
    set.problems.push_back(std::move(generated.problem));
    set.graphs_tried += generated.graphs_tried;
  }
  return set;
}

}  // namespace superpose::data
