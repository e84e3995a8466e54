#pragma once
#include <string>

#include "io/output_file.hpp"
#include "io/run_metadata.hpp"
#include "sweep/planned.hpp"

namespace superpose::sweep {

/// Writes what the points that are done have measured side by side: the HDF5 file (without a path
/// collected.h5 in the sweep's folder) and two tables (CSV) beside it. Error (io) if no point is
/// done.
void collect(const Planned& planned, io::Output output, io::RunMetadata metadata);

}  // namespace superpose::sweep
