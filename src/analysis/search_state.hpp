#pragma once
/// How far a breadth-first search has come with each thought, and the groups of nodes and edges
/// that the papers' tables are made of (RbS, arXiv 2505.12514, Tables 1 and 5, Figure 6).

#include <array>
#include <vector>

#include "analysis/options.hpp"
#include "data/problem.hpp"

namespace superpose::analysis {

/// Groups overlap: optimal is a part of frontier, frontier of reachable.
enum class Group { not_reachable, reachable, frontier, optimal };
inline constexpr std::array<Group, 4> all_groups{Group::not_reachable, Group::reachable,
                                                 Group::frontier, Group::optimal};
inline constexpr const char* group_names[] = {"not_reachable", "reachable", "frontier", "optimal"};

/// Thoughts are counted from 1: thought k of a problem with H hops, 1 <= k <= H, should hold the
/// nodes within k hops of the root, and the edges that lead there from those within k - 1.
class SearchState {
 public:
  SearchState(const data::Problem& problem, FrontierRule rule);

  /// A node for thought k. reachable: within k hops; frontier: after exactly k (by the rule);
  /// optimal: and on a shortest path to the target; not_reachable: all that are not reachable.
  bool node_in(Group group, int thought, int node) const;

  /// An edge while thought k is being generated: the groups of its source after k - 1 hops;
  /// optimal: a frontier edge to an optimal node of thought k.
  bool edge_in(Group group, int thought, const std::array<int, 2>& edge) const;

 private:
  using NodeFlags = std::vector<char>;  ///< [n_nodes]

  std::vector<NodeFlags> reached_, frontier_, optimal_;  ///< [k][node], k = 0..H
};

}  // namespace superpose::analysis
