#pragma once
/// One ProsQA problem (RECORDS.md) and its graph.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace superpose::data {

using NodeSet = std::vector<int>;

/// A directed graph on nodes 0..n_nodes-1. Edge order matters: it is the order of the file.
struct Graph {
  int n_nodes = 0;
  std::vector<std::array<int, 2>> edges;  ///< {parent, child}
};

/// [v]: the children of node v, in the order of the edge list.
std::vector<NodeSet> children_of(const Graph& graph);

/// [v]: the parents of node v, in the order of the edge list.
std::vector<NodeSet> parents_of(const Graph& graph);

/// Breadth-first distances from `root` along lists of neighbours; -1 for unreachable nodes.
std::vector<int> distances_from(const std::vector<NodeSet>& neighbours, int root);

/// Breadth-first distances from `root` along edges; -1 for unreachable nodes.
std::vector<int> distances_from(const Graph& graph, int root);

/// Breadth-first distances to `target` against edges; -1 for nodes that do not reach it.
std::vector<int> distances_to(const Graph& graph, int target);

/// A record of a problem file. Derived sets (hops, frontier, ...) are recomputed from the graph,
/// so every published schema gives the same Problem.
struct Problem {
  Graph graph;
  int root = 0;
  int target = 0;
  int neg_target = 0;
  std::vector<std::string> idx_to_symbol;  ///< names of nodes; may be empty
  std::string question, answer;            ///< the published sentences; may be empty
  std::vector<std::string> steps;          ///< the published sentences of one shortest path

  // Derived by derive():
  int hops = 0;  ///< H = distance root -> target
  /// The source (in-degree 0) neg_target was drawn below. Files do not name it and about 5 % of the
  /// neg_targets have a second source above them, so: the one with most descendants out of the
  /// root's reach, then most children. Right in all published validation files, wrong in 1 of 1,000
  /// generated problems. -1 if no source lies above neg_target.
  int other_root = -1;
  /// Depths are distances from the candidate's OWN root, not from the nearest source: by them the
  /// target is the deepest leaf (RECORDS.md, Generator).
  int target_depth = -1;          ///< equals hops
  int neg_depth = -1;             ///< distance other_root -> neg_target, -1 if none
  std::vector<int> distance;      ///< from root, -1 unreachable
  std::vector<NodeSet> frontier;  ///< [k]: nodes exactly k hops away, k = 0..eccentricity
  std::vector<NodeSet> optimal;   ///< [k]: frontier nodes on some shortest path, k = 0..H

  /// Nodes within k hops, root included (the candidate set of the published BFS file).
  NodeSet reachable_within(int k) const;

  /// Whether depth alone cannot tell the candidates apart (RECORDS.md, Shortcuts).
  bool equal_depth() const { return target_depth == neg_depth; }
};

/// Fills the derived members. Error (data) if the target is unreachable or an id is out of range.
void derive(Problem& problem);

}  // namespace superpose::data
