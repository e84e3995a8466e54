#pragma once
/// What writing (src/sweep) and inspecting a collected sweep have in common.

#include "io/run_metadata.hpp"

namespace superpose::io::sweep_layout {

inline const FileKind kind{"superpose_sweep", 3, 2};

}  // namespace superpose::io::sweep_layout
