#pragma once
/// What a sweep will take, in node-hours.

#include <optional>
#include <string>
#include <vector>

#include "sweep/folder.hpp"
#include "sweep/status.hpp"
#include "sweep/sweep_points.hpp"

namespace superpose::sweep {

/// Seconds a unit of work takes, and how that is known.
struct Rate {
  double seconds = 0;
  std::string source;
};

/// Work of all epochs of a point, in a unit of its own: epochs x n_layer x n_embd^2 x problems made
/// (1 if they are not made for the sweep). Good between points whose problems are alike.
double work(const Point& point);

/// From what an epoch of the first point takes.
Rate given_rate(const Point& first, double seconds_per_epoch);

/// From the histories of points that are done; nothing if there are none.
std::optional<Rate> measured_rate(const SweepFolder& folder, const std::vector<Point>& points,
                                  const std::vector<PointStatus>& status);

/// "12 points x ... epochs, N node-hours (how that is known)" of the points not done yet.
std::string estimate(const std::vector<Point>& points, const std::vector<PointStatus>& status,
                     const std::optional<Rate>& rate);

}  // namespace superpose::sweep
