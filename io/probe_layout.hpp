#pragma once
/// What writing (src/analysis) and inspecting a probe file have in common.

#include "io/run_metadata.hpp"

namespace superpose::io::probe_layout {

/// Version 3: both rules for the frontier beside each other, "frontier" always by distance; version
/// 2 held one, named by the root attribute `frontier`.
inline const FileKind kind{"superpose_probe", 3, 1};

}  // namespace superpose::io::probe_layout
