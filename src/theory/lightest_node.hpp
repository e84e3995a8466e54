#pragma once
/// The weight of a newly reached node by counting edges, without a transformer, and every small
/// graph tried by it. RbS Proposition B.3: of the m edges that leave V_c each gets 1 / m of the
/// attention and carries 1 / sqrt(3), so node v, new in V_(c+1), gets k / (sqrt(3) m), k the edges
/// from V_c into v. B.4 asks for 1 / (4 n) and more.

#include <cstdint>
#include <vector>

#include "data/problem.hpp"
#include "distributed/communicator.hpp"

namespace superpose::theory {

/// The node with the smallest weight when it is reached, over all steps.
struct LightestNode {
  std::int64_t node = -1;     ///< -1: none is reached
  std::int64_t into = 1;      ///< k, edges into it
  std::int64_t attended = 0;  ///< m, edges attended with them
  double weight() const;      ///< k / (sqrt(3) m)
  /// Whether that is less than the threshold 1 / (4 n); in integers, 3 m^2 > 16 n^2 k^2.
  bool is_below_paper(std::int64_t n) const;
};
LightestNode lightest_node(const data::Graph& graph, int root);

/// All graphs of a kind: labelled, root 0.
struct SmallGraphs {
  std::int64_t n_nodes = 0;
  std::int64_t loops = 0;      ///< 1: with self-loops
  std::int64_t unreached = 1;  ///< 1: the last node has no edges, as a question needs one
  int linked() const { return static_cast<int>(n_nodes - unreached); }  ///< nodes with edges
  int places() const;  ///< of edges: there are 2^places graphs
};

/// The graphs of a kind that have a node below 1 / (4 n).
struct SmallSearch {
  SmallGraphs kind;
  std::int64_t failing = 0;
  std::int64_t fewest_edges = 0;  ///< of one of them; 0: there is none
  std::uint64_t example = 0;      ///< the first with so few, see graph_of
};

/// The graph number `code` < 2^places: a place for each pair, by source and then target.
data::Graph graph_of(const SmallGraphs& kind, std::uint64_t code);

/// Tries all of them, at most 2^30, dealt to the ranks. Collective.
SmallSearch search_all(const SmallGraphs& kind, const distributed::Communicator& world);

}  // namespace superpose::theory
