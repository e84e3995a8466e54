#pragma once
/// Random directed graphs on which the construction is tried, far from ProsQA's: the theorem is
/// about every graph.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/enum_names.hpp"
#include "core/random.hpp"
#include "data/problem.hpp"

namespace superpose::theory {

enum class Family {
  sparse,  ///< edges between random pairs: cycles, self-loops, nodes without edges
  path,    ///< one long path with edges back along it, rest hung on; diameter up to n_nodes - 1
  parts,   ///< two to four disconnected parts, each sparse with a cycle
};
constexpr std::array<const char*, 3> names_of(Family) {
  return {"sparse", "path", "parts"};
}

/// Family of graph `index`: they take turns.
Family family_of(std::uint64_t index);

/// Problem `index`, derived, of min_nodes to max_nodes nodes (at least 4), at most 3 max_nodes
/// edges; ids are permuted. The target is the deepest node the root reaches or any other one, with
/// equal chances; neg_target is any node it does not reach. With equal chances the root is the node
/// that sees furthest. Depends on (seed, index) and the sizes only.
data::Problem random_problem(std::uint64_t seed, std::uint64_t index, int min_nodes, int max_nodes);

/// The graph of n nodes with these edges, each once, ids permuted and edges in random order.
data::Graph shuffled_graph(int n, std::vector<std::array<int, 2>> edges, RandomStream& random);

/// A problem on the graph, derived: root, target and neg_target are drawn as above. None if no node
/// reaches some nodes and not others.
std::optional<data::Problem> draw_question(const data::Graph& graph, RandomStream& random);

/// Longest shortest path between any two nodes that have one.
int diameter(const data::Graph& graph);

}  // namespace superpose::theory
