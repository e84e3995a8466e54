#pragma once
#include "distributed/communicator.hpp"
#include "theory/construct_report.hpp"
#include "theory/options.hpp"
#include "theory/problem_set.hpp"

namespace superpose::theory {

/// The sizes that serve every problem of the set, with `beyond` thoughts after the diameter.
/// Collective.
Sizes common_sizes(const ProblemSet& set, int beyond, const distributed::Communicator& world);

/// Runs the construction of RbS Theorem 1, one for all problems of the set, on each of them.
/// Collective.
ConstructResults study_construction(const ConstructOptions& options, const ProblemSet& set,
                                    const distributed::Communicator& world);

}  // namespace superpose::theory
