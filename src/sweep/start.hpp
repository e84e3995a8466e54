#pragma once
/// Starts points of a sweep, by SLURM or on this machine.

#include <string>
#include <vector>

#include "sweep/planned.hpp"

namespace superpose::sweep {

struct StartOptions {
  bool dry_run = false;  ///< say what would be done, and write nothing
  int local = 0;         ///< run on this machine, so many points at a time; 0: SLURM
  std::string launcher;  ///< local: words before the program
  int throttle = 0;      ///< SLURM: most points at a time; 0: no limit
  std::string scripts;   ///< folder of sweep.sbatch and point.sh
};

/// Points of the sweep to start, in their order.
using Chosen = std::vector<const Point*>;
Chosen in_states(const Planned& planned, const std::vector<State>& states);

/// Submits the points, or runs them to their end. Returns the exit code. Error (usage) if the
/// scripts are not there.
int start_points(const Planned& planned, const Chosen& points, const StartOptions& options);

/// Asks the local runner of the sweep and SLURM to stop what they have. Error (usage) if the runner
/// is on another machine.
void cancel(const Planned& planned);

}  // namespace superpose::sweep
