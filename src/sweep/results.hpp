#pragma once
/// What the points of a sweep have measured, side by side.

#include <string>
#include <vector>

#include "io/history.hpp"
#include "sweep/planned.hpp"

namespace superpose::sweep {

/// One number a point, at the end of its job.
struct Measure {
  std::string name;
  std::string unit, description;
  std::vector<double> values;  ///< by point; NaN where it is not known
};

/// One column of a table of run.h5, of all points.
struct Series {
  io::Column column;           ///< `by` holds all coordinates that a point has
  std::vector<double> values;  ///< points x index x by; NaN where there is none
};

/// One table of all points, on the union of their indices.
struct JoinedTable {
  std::string name;
  io::Column index_column;
  std::vector<std::int64_t> index;
  std::vector<Series> series;
};

/// From evaluation.json, or bench_*.json, of the points that are done. A file that is no such thing
/// is left out, with a warning.
std::vector<Measure> read_measures(const Planned& planned);

/// Tables of these names, from run.h5 of the points that are done. Error (io).
std::vector<JoinedTable> join_tables(const Planned& planned, const std::vector<std::string>& names);

}  // namespace superpose::sweep
