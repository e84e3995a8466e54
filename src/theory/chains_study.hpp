#pragma once
#include <vector>

#include "distributed/communicator.hpp"
#include "theory/chains_report.hpp"
#include "theory/options.hpp"
#include "theory/problem_set.hpp"

namespace superpose::theory {

/// On every problem of the set the superposition until it answers right, and options.draws chains
/// of each kind (discrete_chains.hpp), all over one construction in f64. Collective.
std::vector<ChainsResult> study_chains(const ChainsOptions& options, const ProblemSet& set,
                                       const distributed::Communicator& world);

}  // namespace superpose::theory
