#pragma once
/// What `superpose sweep status` prints.

#include "io/json_file.hpp"
#include "sweep/planned.hpp"

namespace superpose::sweep {

io::Json to_json(const Planned& planned);

/// A line for each point that needs someone to look at it, or for all.
void print_points(const Planned& planned, bool all);

}  // namespace superpose::sweep
