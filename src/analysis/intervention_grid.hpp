#pragma once
/// The interventions of a probe in grids: what is asked for, measured and printed.

#include <string>
#include <vector>

#include "analysis/intervention.hpp"

namespace superpose::analysis {

/// Interventions of one kind on every thought alone and on all, with every strength.
struct InterventionGrid {
  std::string name;  ///< e.g. "rescale_frontier"
  InterventionKind kind = InterventionKind::rescale;
  Group group = Group::frontier;
  int n_thoughts = 0;
  std::vector<double> strengths;

  /// Thought 0 (all), 1, ..., n_thoughts; for each the strengths.
  std::vector<Intervention> interventions() const;
};

/// The grids of these kinds, with each strength once, ascending; rescale has one for each group.
std::vector<InterventionGrid> intervention_grids(const std::vector<InterventionKind>& kinds,
                                                 std::vector<double> strengths, int n_thoughts);

/// Outcomes [grid][intervention] of all grids, over one set of plain forward passes. Collective.
std::vector<std::vector<InterventionOutcome>> intervene(
    const std::vector<InterventionGrid>& grids, model::Network<float>& model,
    const std::vector<data::Problem>& problems, const ProbeSettings& settings,
    const distributed::Communicator& communicator);

/// The answers right after each intervention: a row for each thought, a column for each strength.
std::string table(const InterventionGrid& grid, const std::vector<InterventionOutcome>& outcomes);

}  // namespace superpose::analysis
