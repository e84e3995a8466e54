#pragma once
/// Graphs with many edges a node, on which RbS Proposition B.4's threshold fails (constants.hpp).
/// One node has no edge into it: the candidate that is not reached. No self-loops.

#include <array>
#include <cstdint>
#include <vector>

#include "core/random.hpp"
#include "data/problem.hpp"

namespace superpose::theory {

using Edges = std::vector<std::array<int, 2>>;

/// All edges between nodes 0 .. clique - 1, and the path 0, clique, clique + 1, ... of `tail`
/// edges.
Edges clique_with_tail(int clique, int tail);

/// Its question at its hardest, on clique + tail + 1 nodes: from node 1 to the end of the tail, so
/// that all edges of the clique are attended together with the one that leaves it. The last node
/// is not reached.
data::Problem clique_problem(int clique, int tail);

/// `count` edges between random nodes of n, none into the last one; count <= (n - 1)^2.
Edges dense_edges(int n, int count, RandomStream& random);

/// Problem `index`, derived, of min_nodes to max_nodes nodes (at least 4), ids permuted: cliques
/// with a tail of up to n / 4 nodes and random graphs of 1 to (n - 1)^2 / n edges a node (the
/// logarithm is uniform) take turns. The question is drawn as in random_graphs.hpp. Depends on
/// (seed, index) and the sizes only.
data::Problem dense_problem(std::uint64_t seed, std::uint64_t index, int min_nodes, int max_nodes);

}  // namespace superpose::theory
