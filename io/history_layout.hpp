#pragma once
/// What writing and inspecting files of tables (run.h5, results of superpose theory) have in
/// common. Internal to io.

#include <string>

#include "core/evaluation_measures.hpp"
#include "io/run_metadata.hpp"

namespace superpose::io::history_layout {

inline const FileKind kind{"superpose_run", 3, 1};
inline const FileKind theory_kind{"superpose_theory", 2, 1};
inline constexpr const char* index_attribute = "index";  ///< names the first dimension of a table

/// A column of version 2 or 1 that has another name since.
struct Renamed {
  const char *table, *before, *now;
};
inline constexpr Renamed renamed[] = {
    {"evaluation", "equal_depth_accuracy", to_string(EvaluationMeasure::accuracy_equal_depth)}};

/// The name of today for a column of a file of any version.
inline std::string name_of_today(const std::string& table, const std::string& column) {
  for (const auto& [of, before, now] : renamed)
    if (table == of && column == before) return now;
  return column;
}

}  // namespace superpose::io::history_layout
