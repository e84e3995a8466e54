#pragma once
#include <vector>

#include "distributed/communicator.hpp"
#include "theory/dimension_report.hpp"
#include "theory/options.hpp"

namespace superpose::theory {

/// The construction with almost orthogonal embeddings: every protection, on graphs of options.nodes
/// nodes in vocabularies 40, 160, 640, ... and on graphs of all names in vocabularies 40, 80, 160,
/// ..., each at d = 16, 32, 64, ... Trial i of any size has graph i. Collective.
std::vector<DimensionCell> study_dimension(const DimensionOptions& options,
                                           const distributed::Communicator& world);

}  // namespace superpose::theory
