#pragma once
#include <string>

#include "jobs/bench/results.hpp"
#include "jobs/json_file.hpp"

namespace superpose::jobs::bench {

/// The results as tables.
std::string text(const Results& results);

/// The same, and the single steps. Seconds, bytes, operations; shares are of 1.
Json to_json(const Results& results);

}  // namespace superpose::jobs::bench
