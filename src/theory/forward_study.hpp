#pragma once
#include <vector>

#include "distributed/communicator.hpp"
#include "theory/forward_report.hpp"
#include "theory/options.hpp"
#include "theory/problem_set.hpp"

namespace superpose::theory {

/// Runs the simplified transformer (simplified_transformer.hpp) on every problem of the set at
/// every mu beside its closed form: the one-step expansion of EoS Theorem 2. Error (usage) if a
/// weight would be too small for f64. Collective.
std::vector<ForwardResult> study_forward(const ForwardOptions& options, const ProblemSet& set,
                                         const distributed::Communicator& world);

}  // namespace superpose::theory
