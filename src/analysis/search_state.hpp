#pragma once
/// How far a breadth-first search has come with each thought, and the groups of nodes and edges
/// that the papers' tables are made of (RbS, arXiv 2505.12514, Tables 1 and 5, Figure 6).

#include <array>
#include <string>
#include <vector>

#include "core/enum_names.hpp"
#include "core/frontier_rule.hpp"
#include "data/problem.hpp"

namespace superpose::analysis {

/// Groups overlap: optimal is a part of frontier, frontier of walk_frontier, that of reachable.
enum class Group { not_reachable, reachable, frontier, optimal, walk_frontier };
constexpr std::array<const char*, 5> names_of(Group) {
  return {"not_reachable", "reachable", "frontier", "optimal", "walk_frontier"};
}

/// The frontier by a rule. The other groups are the same by either: the ends of walks of up to k
/// edges are the nodes within k hops, and only those at distance k - 1 have a child at distance k.
inline Group frontier_of(FrontierRule rule) {
  return rule == FrontierRule::walk ? Group::walk_frontier : Group::frontier;
}

/// "distance" or "walk" for a frontier, "" for a group that does not depend on the rule.
std::string frontier_rule_of(Group group);

/// Thoughts are counted from 1: thought k should hold the nodes within k hops of the root, and the
/// edges that lead there from those within k - 1.
class SearchState {
 public:
  /// Of a problem with H hops, for thoughts 1..H, or 1..n_thoughts if that is more.
  explicit SearchState(const data::Problem& problem, int n_thoughts = 0);

  /// A node for thought k. reachable: within k hops; frontier: after exactly k; walk_frontier: at
  /// the end of a walk of k edges; optimal: a frontier node on a shortest path to the target (none
  /// for k > H); not_reachable: all that are not reachable.
  bool node_in(Group group, int thought, int node) const;

  /// An edge while thought k is being generated: the groups of its source after k - 1 hops;
  /// optimal: a frontier edge to an optimal node of thought k.
  bool edge_in(Group group, int thought, const std::array<int, 2>& edge) const;

 private:
  using NodeFlags = std::vector<char>;  ///< [n_nodes]

  std::vector<NodeFlags> reached_, frontier_, optimal_, walk_frontier_;  ///< [k][node], k >= 0
};

}  // namespace superpose::analysis
