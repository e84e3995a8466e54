#pragma once
#include <string>

namespace superpose::jobs::sweep {

/// A field of a CSV file (RFC 4180).
inline std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace superpose::jobs::sweep
