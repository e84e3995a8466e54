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

/// sets[k], which is empty beyond the last one.
NodeFlags set_of(const std::vector<data::NodeSet>& sets, int k, int n_nodes) {
  const auto hop = static_cast<std::size_t>(k);
  return flags_of(hop < sets.size() ? sets[hop] : data::NodeSet{}, n_nodes);
}

/// One edge further along every edge.
NodeFlags walk_on(const NodeFlags& from, const data::Graph& graph) {
  NodeFlags to(from.size(), 0);
  for (const auto& [parent, child] : graph.edges)
    if (from[parent]) to[child] = 1;
  return to;
}

}  // namespace

std::string frontier_rule_of(Group group) {
  if (group == Group::frontier) return to_string(FrontierRule::distance);
  if (group == Group::walk_frontier) return to_string(FrontierRule::walk);
  return "";
}

SearchState::SearchState(const data::Problem& problem, int n_thoughts) {
  const int n = problem.graph.n_nodes;
  for (int k = 0; k <= std::max(problem.hops, n_thoughts); ++k) {
    frontier_.push_back(set_of(problem.frontier, k, n));
    optimal_.push_back(set_of(problem.optimal, k, n));
    reached_.push_back(flags_of(problem.reachable_within(k), n));
    walk_frontier_.push_back(k == 0 ? frontier_[0] : walk_on(walk_frontier_.back(), problem.graph));
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
    case Group::walk_frontier:
      return walk_frontier_[thought][node];
  }
  throw std::logic_error("a Group without a rule");
}

bool SearchState::edge_in(Group group, int thought, const std::array<int, 2>& edge) const {
  if (group != Group::optimal) return node_in(group, thought - 1, edge[0]);
  return node_in(Group::frontier, thought - 1, edge[0]) && node_in(group, thought, edge[1]);
}

}  // namespace superpose::analysis
