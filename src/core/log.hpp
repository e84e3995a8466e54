#pragma once
/// Messages of the program: rank 0 speaks, other ranks only warn. Progress goes to stdout, all else
/// to stderr. Control characters, which may come from files, are printed as \xNN.

#include <fmt/format.h>

#include <string>
#include <utility>

namespace superpose::log {

/// Sets the rank that prefixes warnings and whether this rank prints progress.
void set_rank(int rank);

void info_line(const std::string& line);     ///< rank 0, stdout, flushed
void warning_line(const std::string& line);  ///< every rank, stderr, flushed

/// Whether a line of progress could not be written because nobody reads the pipe any more, as in
/// `superpose train ... | head`. A process that does not ignore SIGPIPE never comes to ask.
bool output_is_closed();

template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  info_line(fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  warning_line(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace superpose::log
