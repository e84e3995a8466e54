#pragma once
/// Distances and neighbours of one problem's graph that statistics and shortcuts look at.

#include <vector>

#include "data/problem.hpp"

namespace superpose::data {

/// Built from a derived problem, which must outlive it. Distances are -1 where there is no path.
struct GraphFacts {
  explicit GraphFacts(const Problem& problem);

  const Problem& problem;
  std::vector<NodeSet> children, parents;
  std::vector<NodeSet> neighbours;  ///< children and parents
  NodeSet sources;                  ///< nodes without a parent
  std::vector<int> from_nearest_source;
  std::vector<int> from_other_root;  ///< all -1 if the problem has no other root
  std::vector<int> undirected_from_root;
  std::vector<int> to_target, to_neg;
};

}  // namespace superpose::data
