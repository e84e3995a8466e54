#pragma once
#include <string>

#include "analysis/grouped_statistics.hpp"

namespace superpose::analysis {

/// Tables for people: answers, copying, and by thought what the papers' tables show, of the last
/// layer.
std::string table(const GroupedStatistics& statistics);

/// The same in one line, for a series of checkpoints.
std::string line(const GroupedStatistics& statistics);

}  // namespace superpose::analysis
