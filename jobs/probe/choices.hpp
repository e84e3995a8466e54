#pragma once
/// What a probe was asked for, checked and completed.

#include <vector>

#include "analysis/probe_file.hpp"
#include "jobs/jobs.hpp"

namespace superpose::jobs::probe {

analysis::FrontierRule frontier_rule(const ProbeArguments& arguments);

/// Error (usage) for layers or problems that there are not.
analysis::RawOptions raw_options(const ProbeArguments& arguments, int n_problems, int n_layer);

/// The grids of interventions asked for; rescale has one a group. Error (usage) for strengths that
/// are no numbers or have nothing to act on, and for a method whose latents are not fed back.
std::vector<analysis::InterventionGrid> grids_of(const ProbeArguments& arguments,
                                                 const data::MethodOptions& method, int n_thoughts);

/// Outcomes [grid][intervention] of all grids, over one set of plain forward passes. Collective.
std::vector<std::vector<analysis::InterventionOutcome>> intervene(
    const std::vector<analysis::InterventionGrid>& grids, model::Network<float>& model,
    const std::vector<data::Problem>& problems, const analysis::ProbeSettings& settings,
    const distributed::Communicator& world);

/// Prints the answers right after each intervention: a row a thought, a column a strength.
void print(const analysis::InterventionGrid& grid,
           const std::vector<analysis::InterventionOutcome>& outcomes);

}  // namespace superpose::jobs::probe
