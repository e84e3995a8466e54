#pragma once
/// A sweep as every part of `superpose sweep` begins: file read, points made, states known.

#include <vector>

#include "config/sweep_points.hpp"
#include "jobs/jobs.hpp"
#include "jobs/sweep/folder.hpp"
#include "jobs/sweep/status.hpp"

namespace superpose::jobs::sweep {

struct Planned {
  config::Sweep sweep;
  std::vector<config::Point> points;
  SweepFolder folder;
  InHand hands;
  std::vector<PointStatus> status;  ///< in the order of points

  Planned(const std::string& file, Queue queue);

  std::size_t count(State state) const;
};

/// "12 points = method (4) x seed (3)", base and folder, the axes a line each.
void print_axes(const Planned& planned);

/// What the points to go will take.
void print_estimate(const Planned& planned, const SweepArguments& arguments);

/// "3 done, 1 failed, 8 queued"
std::string counts(const Planned& planned);

}  // namespace superpose::jobs::sweep
