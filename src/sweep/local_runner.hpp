#pragma once
/// Runs the points of a sweep on this machine, some at a time.

#include <string>
#include <vector>

#include "io/run_lock.hpp"
#include "sweep/folder.hpp"
#include "sweep/sweep_points.hpp"

namespace superpose::sweep {

struct LocalOptions {
  int slots = 1;             ///< points at a time
  std::string launcher;      ///< words before the program, "{}" for the ranks; empty: mpirun -n {}
  std::string point_script;  ///< slurm/point.sh
};

/// Runs these points in their order with a line for each. A stop signal (distributed::stop_signals)
/// or a closed output pipe stops the points in hand with a checkpoint, and no more are started; a
/// second Ctrl-C does not wait for them. Returns the exit code: 0 all done, 1 some failed, 75
/// stopped. `lock`: of the sweep's folder, kept fresh.
int run_locally(const SweepFolder& folder, const Sweep& sweep,
                const std::vector<const Point*>& points, const LocalOptions& options,
                io::RunLock& lock);

}  // namespace superpose::sweep
