#include "config/duration.hpp"

#include <regex>

#include "core/error.hpp"

namespace superpose::config {
namespace {

/// Text of digits, or nothing for 0.
double number(const std::string& digits) {
  return digits.empty() ? 0 : std::stod(digits);
}

}  // namespace

double parse_duration(const std::string& text, const std::string& option) {
  static const std::regex with_days(R"((\d{1,6})-(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?)");
  static const std::regex clock(R"((?:(\d{1,6}):)?(\d{1,6}):(\d{1,2}))");
  static const std::regex minutes(R"(\d{1,9})");
  double seconds = 0;
  std::smatch part;
  if (std::regex_match(text, part, with_days))
    seconds =
        86400 * number(part[1]) + 3600 * number(part[2]) + 60 * number(part[3]) + number(part[4]);
  else if (std::regex_match(text, part, clock))
    seconds = 3600 * number(part[1]) + 60 * number(part[2]) + number(part[3]);
  else if (std::regex_match(text, part, minutes))
    seconds = 60 * number(text);
  validate(seconds > 0, ExitCode::usage,
           "{} = '{}' is no duration (minutes, MM:SS, HH:MM:SS, D-HH, D-HH:MM or D-HH:MM:SS, as "
           "SLURM writes them, and not 0); correct it",
           option, text);
  return seconds;
}

}  // namespace superpose::config
