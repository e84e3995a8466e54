#pragma once
/// Points of a sweep in tables (CSV, RFC 4180). Fields with a comma, a quote or a line end are
/// quoted.

#include <string>

#include "sweep/sweep_points.hpp"

namespace superpose::sweep {

/// The names of the axes, each with a comma after it; without that of the seeds if so asked.
std::string csv_axes(const Sweep& sweep, bool with_seeds = true);

/// The labels of a point on them.
std::string csv_labels(const Sweep& sweep, const Point& point, bool with_seeds = true);

}  // namespace superpose::sweep
