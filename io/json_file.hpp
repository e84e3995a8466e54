#pragma once
/// Results as a JSON file beside the printed ones.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "io/output_file.hpp"

namespace superpose::io {

/// Keys stay in the order in which they are written.
using Json = nlohmann::ordered_json;

/// JSON has no NaN: what was not measured is null.
Json number(double value);

/// Indented; a byte of a path that is no UTF-8 is U+FFFD, as in attributes (core/plain_text.hpp).
std::string to_text(const Json& json);

/// Where --json goes: a file, by the rule for outputs (output_file.hpp), or for `-` stdout, which
/// then has nothing else on it.
class JsonOutput {
 public:
  /// Before the work. Without a path, and on a rank that does not write, nothing is wanted.
  JsonOutput(const Output& output, bool writes);

  bool wanted() const { return !path_.empty(); }

  /// Error (io) if it cannot be written.
  void write(const Json& json) const;

 private:
  std::string path_;
};

}  // namespace superpose::io
