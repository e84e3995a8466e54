#pragma once
/// RbS Proposition B.4 on graphs with many edges: the construction with the paper's constants and
/// with ours. B.3 gives a newly reached node 1 / (sqrt(3) |I_c|), I_c the attended edges; B.4 sets
/// the threshold 1 / (4 n) as if it were 1 / (sqrt(3) |Delta_c|), Delta_c the nodes they lead to.
/// Where more than 4 / sqrt(3) = 2.3 n edges are attended, a node reached by one of them is lost,
/// and with it all that lies behind. 1 / (2 sqrt(3) E), E >= |I_c| the edges of a graph, is a
/// threshold that serves every graph; the length bounds E (3 E < T_max), as does 1 / (2 sqrt(3)
/// n^2). The noise has to stay below it as B.4 has it below 1 / (4 n): tau grows by a logarithm.
/// With it the rest of the proof stands.

#include <array>
#include <vector>

#include "distributed/communicator.hpp"
#include "theory/lightest_node.hpp"
#include "theory/options.hpp"

namespace superpose::theory {

/// [rule] problems on which the construction with these constants falls short, in f64 with
/// sinusoidal positions. Trivially copyable.
struct ByRule {
  std::array<std::int64_t, 2> incomplete{};  ///< some thought lacks a node of V_c
  std::array<std::int64_t, 2> wrong{};       ///< some answer with C >= hops is wrong; -1: not asked
  double weight = 0;  ///< smallest of a node of V_c before our threshold: of the lightest node
};

/// A clique with a tail of one edge (dense_graphs.hpp).
struct CliqueResult {
  std::int64_t clique = 0, n_nodes = 0, n_edges = 0;
  LightestNode lightest;
  std::array<double, 2> eps_2{};  ///< [rule]
  ByRule found;
};

/// Random graphs of a size and a number of edges.
struct DensityResult {
  std::int64_t n_nodes = 0, n_edges = 0, graphs = 0;
  std::int64_t predicted = 0;  ///< graphs whose lightest node is below 1 / (4 n)
  ByRule found;
};

/// The graphs of a kind, and the construction on the first with fewest edges (if there is one).
struct SmallResult {
  SmallSearch search;
  LightestNode lightest;
  ByRule found;
};

struct ThresholdResults {
  std::vector<SmallResult> smallest;     ///< by kind and nodes, up to the first that fails
  std::vector<CliqueResult> cliques;     ///< of 2, 3, ... nodes
  std::vector<DensityResult> densities;  ///< by nodes and edges
};

/// Collective.
ThresholdResults study_threshold(const ThresholdOptions& options,
                                 const distributed::Communicator& world);

}  // namespace superpose::theory
