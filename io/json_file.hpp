#pragma once
/// Results as a JSON file beside the printed ones.

#include <nlohmann/json.hpp>
#include <string>

namespace superpose::io {

/// Keys stay in the order in which they are written.
using Json = nlohmann::ordered_json;

/// JSON has no NaN: what was not measured is null.
Json number(double value);

/// Indented; a byte of a path that is no UTF-8 is U+FFFD, as in attributes (core/plain_text.hpp).
std::string to_text(const Json& json);

/// Error (io) if `path` cannot be written to: before the work, not after it. A file that is there
/// stays as it is.
void check_writable(const std::string& path);

/// Error (io) if the file cannot be written.
void write_json(const std::string& path, const Json& json);

}  // namespace superpose::io
