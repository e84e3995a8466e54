#pragma once
/// `superpose theory construct`: where finite precision ends the construction, by length of the
/// prompt and by number of nodes, for all encodings and formats.

#include <cstdint>
#include <string>
#include <vector>

#include "distributed/communicator.hpp"
#include "io/history.hpp"
#include "theory/options.hpp"
#include "theory/precision_study.hpp"

namespace superpose::theory {

/// The choosers alone, over prompts of doubling length and widths d_PE.
struct ChooserCurve {
  ConstantsRule rule = ConstantsRule::ours;
  std::vector<int> positions, widths;
  std::vector<ChooserResult> results;  ///< by positions, encoding, precision, width
  const ChooserResult& at(std::size_t position, Encoding encoding, Precision precision,
                          std::size_t width) const;
};

/// The whole construction on graphs of n nodes. Trivially copyable.
struct GraphPrecision {
  double thought_error = 0;  ///< largest distance of a thought from the exact superposition
  double right = 0;          ///< share of right answers with C >= hops
  double n_positions = 0;
};

struct GraphCurve {
  std::vector<int> nodes;
  std::vector<GraphPrecision> results;  ///< by nodes, encoding, precision; NaN: no constants
};

/// Lengths 64, 128, ... up to options.longest, by options.constants. Collective.
ChooserCurve study_choosers(const ConstructOptions& options,
                            const distributed::Communicator& world);

/// Six random graphs each of 10, 20, ... up to options.largest nodes. Collective.
GraphCurve study_graphs(const ConstructOptions& options, const distributed::Communicator& world);

/// The worst of all sizes for each encoding and format, for people.
std::string text(const GraphCurve& curve);

io::Table chooser_table(const ChooserCurve& curve);
io::Table graph_precision_table(const GraphCurve& curve);

/// For each encoding, format and width: the first length that fails, if any.
std::string text(const ChooserCurve& curve);

}  // namespace superpose::theory
