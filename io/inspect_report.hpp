#pragma once
/// What inspect() found, for programs and for people.

#include <string>

#include "io/inspect.hpp"
#include "io/json_file.hpp"

namespace superpose::io {

Json to_json(const FileReport& report);

/// Lines for the file, its counters and its tables, then a table of its datasets.
std::string text(const FileReport& report);

/// One of these lines: a label and what it stands for.
std::string report_line(const std::string& label, const std::string& value);

}  // namespace superpose::io
