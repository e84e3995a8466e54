#pragma once
/// Files of `superpose sweep collect` (io/FORMAT.md): one HDF5 file whose first dimensions are the
/// axes of the sweep, and two tables for those who want no HDF5.

#include <string>
#include <vector>

#include "io/run_metadata.hpp"
#include "sweep/results.hpp"
#include "sweep/statistics.hpp"

namespace superpose::sweep {

/// Summaries of each measure over the axis "seed", by the points of the other axes, row-major.
using Summaries = std::vector<std::vector<Summary>>;
Summaries over_seeds(const Sweep& sweep, const std::vector<Measure>& measures);

/// Everything. Whoever has the old file open goes on reading it. Error (io).
void write_collected(const std::string& path, const io::RunMetadata& metadata,
                     const Planned& planned, const std::vector<Measure>& measures,
                     const Summaries& summaries, const std::vector<JoinedTable>& tables);

/// A line a point: labels, identity, state, measures. Error (io).
void write_points_csv(const std::string& path, const Planned& planned,
                      const std::vector<Measure>& measures);

/// A line for each measure and point of the axes but the seeds: n, mean, standard deviation and 95
/// % interval. Error (io).
void write_summary_csv(const std::string& path, const Planned& planned,
                       const std::vector<Measure>& measures, const Summaries& summaries);

}  // namespace superpose::sweep
