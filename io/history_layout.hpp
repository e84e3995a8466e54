#pragma once
/// What writing and inspecting files of tables (run.h5, results of superpose theory) have in
/// common. Internal to io.

#include "io/run_metadata.hpp"

namespace superpose::io::history_layout {

inline const FileKind kind{"superpose_run", 2, 1};
inline const FileKind theory_kind{"superpose_theory", 2, 1};
inline constexpr const char* index_attribute = "index";  ///< names the first dimension of a table

}  // namespace superpose::io::history_layout
