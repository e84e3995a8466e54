#pragma once
/// Points of a sweep in tables (CSV, RFC 4180).

#include <string>

#include "config/sweep_points.hpp"

namespace superpose::jobs::sweep {

/// The names of the axes, each with a comma after it; without that of the seeds if so asked.
std::string csv_axes(const config::Sweep& sweep, bool with_seeds = true);

/// The labels of a point on them.
std::string csv_labels(const config::Sweep& sweep, const config::Point& point,
                       bool with_seeds = true);

}  // namespace superpose::jobs::sweep
