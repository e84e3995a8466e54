#pragma once
/// A series of checkpoints, looked into one after the other.

#include <vector>

#include "analysis/probe_file.hpp"
#include "train/checkpoint_series.hpp"

namespace superpose::train {

/// What every checkpoint of a series is measured with.
struct ProbeSetup {
  const std::vector<data::Problem>& problems;
  analysis::ProbeSettings settings;
  std::vector<analysis::InterventionGrid> grids;  ///< none: no interventions
};

/// Statistics and interventions of each candidate, in their order; raw values go to `output`.
/// Candidates that cannot be read to their end, and second ones of a step, are skipped. Collective.
/// Error (checkpoint) if none is left.
std::vector<analysis::CheckpointFindings> probe_series(const std::vector<Candidate>& candidates,
                                                       const ProbeSetup& setup,
                                                       const distributed::Communicator& world,
                                                       Skipped& skipped,
                                                       analysis::ProbeFile& output);

}  // namespace superpose::train
