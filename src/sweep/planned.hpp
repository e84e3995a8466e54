#pragma once
/// A sweep as every part of `superpose sweep` begins: file read, points made, states known.

#include <optional>
#include <string>
#include <vector>

#include "sweep/folder.hpp"
#include "sweep/status.hpp"
#include "sweep/sweep_points.hpp"

namespace superpose::sweep {

struct Planned {
  Sweep sweep;
  std::vector<Point> points;
  SweepFolder folder;
  QueueState queue;
  std::vector<PointStatus> status;  ///< in the order of points

  Planned(const std::string& file, Queue answer);

  /// Looks at the queue and the points again, for one who holds the folder's lock: nobody starts
  /// points meanwhile. Error as of read_queue.
  void look_again_with_lock();

  std::size_t count(State state) const;
};

/// "12 points = method (4) x seed (3)", base and folder, the axes a line each.
void print_axes(const Planned& planned);

/// What the points to go will take; `epoch_seconds` of an epoch of the first point, if given.
void print_estimate(const Planned& planned, std::optional<double> epoch_seconds);

/// "3 done, 1 failed, 8 queued"
std::string counts(const Planned& planned);

}  // namespace superpose::sweep
