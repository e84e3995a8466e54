#pragma once
/// What writing (src/analysis) and inspecting a probe file have in common.

#include "io/run_metadata.hpp"

namespace superpose::io::probe_layout {

inline const FileKind kind{"superpose_probe", 2, 1};

}  // namespace superpose::io::probe_layout
