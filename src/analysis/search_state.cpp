#include "analysis/search_state.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace superpose::analysis {
namespace {

using NodeFlags = std::vector<char>;

NodeFlags flags_of(const data::NodeSet& nodes, int n_nodes) {
  NodeFlags flags(n_nodes, 0);
  for (const int node : nodes) flags[node] = 1;
  return flags;
}

/// One edge further along every edge.
NodeFlags walk_on(const NodeFlags& from, const data::Graph& graph) {
  NodeFlags to(from.size(), 0);
  for (const auto& [parent, child] : graph.edges)
    if (from[parent]) to[child] = 1;
  return to;
}

}  // namespace

SearchState::SearchState(const data::Problem& problem, FrontierRule rule) {
  const int n = problem.graph.n_nodes;
  NodeFlags frontier = flags_of({problem.root}, n);
  NodeFlags reached(n, 0);
  for (int k = 0; k <= problem.hops; ++k) {
    if (k > 0)
      frontier = rule == FrontierRule::walk ? walk_on(frontier, problem.graph)
                                            : flags_of(problem.frontier[k], n);
    std::transform(reached.begin(), reached.end(), frontier.begin(), reached.begin(),
                   [](char a, char b) { return static_cast<char>(a | b); });
    frontier_.push_back(frontier);
    reached_.push_back(reached);
    optimal_.push_back(flags_of(problem.optimal[k], n));
  }
}

bool SearchState::node_in(Group group, int thought, int node) const {
  SUPERPOSE_EXPECT(thought >= 0 && thought < static_cast<int>(reached_.size()));
  switch (group) {
    case Group::not_reachable:
      return !reached_[thought][node];
    case Group::reachable:
      return reached_[thought][node];
    case Group::frontier:
      return frontier_[thought][node];
    case Group::optimal:
      return optimal_[thought][node];
  }
  throw std::logic_error("a Group without a rule");
}

bool SearchState::edge_in(Group group, int thought, const std::array<int, 2>& edge) const {
  if (group != Group::optimal) return node_in(group, thought - 1, edge[0]);
  return node_in(Group::frontier, thought - 1, edge[0]) && node_in(group, thought, edge[1]);
}

}  // namespace superpose::analysis
