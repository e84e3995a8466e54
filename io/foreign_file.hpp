#pragma once
/// Files that other programs wrote and anyone may have changed.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/error.hpp"

namespace superpose::io {

/// A JSON value of at most `max_depth` objects and arrays within each other. Error (code) naming
/// `source` for anything else, and for a key that is there twice: readers differ in which of the
/// two they take.
nlohmann::json parse_foreign_json(std::string_view text, const std::string& source, int max_depth,
                                  ExitCode code);

}  // namespace superpose::io
