#pragma once
/// Starts points of a sweep, by a batch system or on this machine.

#include <memory>
#include <string>
#include <vector>

#include "io/run_lock.hpp"
#include "sweep/batch_system.hpp"
#include "sweep/planned.hpp"

namespace superpose::sweep {

struct StartOptions {
  bool dry_run = false;                    ///< say what would be done, and write nothing
  Scheduler scheduler = Scheduler::slurm;  ///< that points are submitted to
  int local = 0;         ///< run on this machine, so many points at a time; 0: submit
  std::string launcher;  ///< local: words before the program
  int throttle = 0;      ///< submitted: most points at a time; 0: no limit
  std::string scripts;   ///< folder of the templates and of point.sh
};

/// Points of the sweep to start, in their order.
using Chosen = std::vector<const Point*>;
Chosen in_states(const Planned& planned, const std::vector<State>& states);

/// Keeps others from starting points of the sweep while the lock lives, and looks at the points
/// again: another may have started some meanwhile. The folder is there. Error (usage) if another
/// starts points now.
std::unique_ptr<io::RunLock> take_sweep(Planned& planned);

/// Submits the points, or runs them to their end. `lock`: of take_sweep; none for a dry run.
/// Returns the exit code. Error (usage) if the scripts are not there.
int start_points(const Planned& planned, const Chosen& points, const StartOptions& options,
                 io::RunLock* lock);

/// Asks the local runner of the sweep and batch systems to stop what they have. Error (usage) if
/// the runner is on another machine.
void cancel(const Planned& planned);

}  // namespace superpose::sweep
