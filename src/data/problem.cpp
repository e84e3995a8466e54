#include "data/problem.hpp"

#include <algorithm>
#include <iterator>

#include "core/error.hpp"

namespace superpose::data {
namespace {

std::vector<NodeSet> neighbours(const Graph& graph, int from, int to) {
  std::vector<NodeSet> lists(graph.n_nodes);
  for (const auto& edge : graph.edges) lists[edge[from]].push_back(edge[to]);
  return lists;
}

void check_ids(const Problem& problem) {
  const int n = problem.graph.n_nodes;
  const auto check = [n](int node, const char* role) {
    validate(node >= 0 && node < n, ExitCode::data, "{} {} is not a node (ids are 0..{})", role,
             node, n - 1);
  };
  check(problem.root, "root");
  check(problem.target, "target");
  check(problem.neg_target, "neg_target");
  for (const auto& [parent, child] : problem.graph.edges) {
    check(parent, "parent");
    check(child, "child");
  }
}

/// Nodes by distance: [k] holds the nodes with distance k, ascending.
std::vector<NodeSet> by_distance(const std::vector<int>& distance) {
  std::vector<NodeSet> sets;
  for (std::size_t v = 0; v < distance.size(); ++v) {
    if (distance[v] < 0) continue;
    sets.resize(std::max(sets.size(), static_cast<std::size_t>(distance[v]) + 1));
    sets[distance[v]].push_back(static_cast<int>(v));
  }
  return sets;
}

/// Frontier nodes that still reach the target in the hops that are left.
std::vector<NodeSet> on_shortest_paths(const std::vector<NodeSet>& frontier, int hops,
                                       const std::vector<int>& to_target) {
  std::vector<NodeSet> optimal(hops + 1);
  for (int k = 0; k <= hops; ++k)
    std::copy_if(frontier[k].begin(), frontier[k].end(), std::back_inserter(optimal[k]),
                 [&](int v) { return to_target[v] == hops - k; });
  return optimal;
}

/// Sources above neg_target.
NodeSet sources_of(const Graph& graph, const std::vector<int>& above_neg) {
  std::vector<bool> has_parent(graph.n_nodes);
  for (const auto& edge : graph.edges) has_parent[edge[1]] = true;
  NodeSet sources;
  for (int v = 0; v < graph.n_nodes; ++v)
    if (!has_parent[v] && above_neg[v] >= 0) sources.push_back(v);
  return sources;
}

/// Sets other_root and neg_depth; see other_root for the rule.
void find_other_root(Problem& problem, const std::vector<NodeSet>& children) {
  const auto above_neg = distances_to(problem.graph, problem.neg_target);
  problem.other_root = problem.neg_depth = -1;
  std::array<std::size_t, 2> most{};  // descendants out of the root's reach, then children
  for (const int source : sources_of(problem.graph, above_neg)) {
    std::array<std::size_t, 2> size{0, children[source].size()};
    const auto below = distances_from(children, source);
    for (std::size_t v = 0; v < below.size(); ++v)
      size[0] += below[v] >= 0 && problem.distance[v] < 0;
    if (size <= most) continue;
    most = size;
    problem.other_root = source;
    problem.neg_depth = above_neg[source];
  }
}

}  // namespace

std::vector<NodeSet> children_of(const Graph& graph) {
  return neighbours(graph, 0, 1);
}

std::vector<NodeSet> parents_of(const Graph& graph) {
  return neighbours(graph, 1, 0);
}

std::vector<int> distances_from(const std::vector<NodeSet>& neighbours, int root) {
  std::vector<int> distance(neighbours.size(), -1);
  NodeSet queue{root};
  distance[root] = 0;
  for (std::size_t head = 0; head < queue.size(); ++head) {
    const int u = queue[head];
    for (const int v : neighbours[u]) {
      if (distance[v] >= 0) continue;
      distance[v] = distance[u] + 1;
      queue.push_back(v);
    }
  }
  return distance;
}

std::vector<int> distances_from(const Graph& graph, int root) {
  return distances_from(children_of(graph), root);
}

std::vector<int> distances_to(const Graph& graph, int target) {
  return distances_from(parents_of(graph), target);
}

NodeSet Problem::reachable_within(int k) const {
  NodeSet nodes;
  for (std::size_t v = 0; v < distance.size(); ++v)
    if (distance[v] >= 0 && distance[v] <= k) nodes.push_back(static_cast<int>(v));
  return nodes;
}

void derive(Problem& problem) {
  check_ids(problem);
  const auto children = children_of(problem.graph);
  problem.distance = distances_from(children, problem.root);
  validate(problem.root != problem.target, ExitCode::data,
           "root and target are the same node {} (a problem has at least one hop)", problem.root);
  problem.hops = problem.target_depth = problem.distance[problem.target];
  validate(problem.hops >= 0, ExitCode::data, "target {} cannot be reached from root {}",
           problem.target, problem.root);
  problem.frontier = by_distance(problem.distance);
  problem.optimal = on_shortest_paths(problem.frontier, problem.hops,
                                      distances_to(problem.graph, problem.target));
  find_other_root(problem, children);
}

}  // namespace superpose::data
