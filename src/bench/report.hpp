#pragma once
#include <string>

#include "bench/results.hpp"
#include "io/json_file.hpp"

namespace superpose::bench {

/// The results as tables.
std::string text(const Results& results);

/// The same, and the single steps. Seconds, bytes, operations; shares are of 1.
io::Json to_json(const Results& results);

}  // namespace superpose::bench
