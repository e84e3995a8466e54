#pragma once
/// What `superpose theory chains` writes and prints (io/FORMAT.md, superpose_theory).

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "io/history.hpp"
#include "theory/discrete_chains.hpp"

namespace superpose::theory {

/// The chains of one kind on one graph. Trivially copyable.
struct ChainCounts {
  std::array<std::int64_t, 4> ended{};  ///< [ChainEnd]
  std::int64_t within_diameter = 0;     ///< named the target in at most that many steps
  double steps_named = 0;               ///< mean over chains that named it; NaN if none did
  double steps = 0;                     ///< mean over all, n^2 for those that did not

  std::int64_t of(ChainEnd end) const { return ended[static_cast<std::size_t>(end)]; }
};

/// Trivially copyable: travels between ranks.
struct ChainsResult {
  std::int64_t n_nodes = 0, n_edges = 0, diameter = 0, hops = 0;
  std::int64_t superposition = 0;  ///< thoughts until the answer is right; -1: never
  std::array<ChainCounts, n_decodings> chains{};
};

/// By graph, and by nodes and diameter: means over the graphs of a bin, which reaches from its
/// index to twice it.
io::Table chain_graphs_table(const std::vector<ChainsResult>& graphs);
io::Table chains_by_nodes_table(const std::vector<ChainsResult>& graphs, int draws);
io::Table chains_by_diameter_table(const std::vector<ChainsResult>& graphs, int draws);

std::string text(const std::vector<ChainsResult>& graphs, int draws);

}  // namespace superpose::theory
