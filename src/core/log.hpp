#pragma once
/// Messages of the program: rank 0 speaks, other ranks only warn. Progress goes to stdout, all else
/// to stderr.

#include <fmt/format.h>

#include <string>
#include <utility>

namespace superpose::log {

/// Sets the rank that prefixes warnings and whether this rank prints progress.
void set_rank(int rank);

void info_line(const std::string& line);     ///< rank 0, stdout, flushed
void warning_line(const std::string& line);  ///< every rank, stderr, flushed

template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  info_line(fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  warning_line(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace superpose::log
