#pragma once
/// The problems of a probe as arrays: graph, tokens, positions, and the groups of nodes and edges.

#include <cstdint>
#include <vector>

#include "analysis/raw_values.hpp"

namespace superpose::analysis {

/// Datasets of the group "problems"; -1 where a problem has fewer nodes, edges, positions,
/// thoughts.
std::vector<NamedArray<std::int32_t>> problem_table(const RawPlan& plan);

}  // namespace superpose::analysis
