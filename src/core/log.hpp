#pragma once
/// Messages of the program: rank 0 speaks, other ranks only warn. Progress goes to stdout, all else
/// to stderr. Control characters, which may come from files, are printed as \xNN.

#include <fmt/core.h>

#include <string>
#include <utility>

namespace superpose::log {

/// Sets the rank that prefixes warnings and whether this rank prints progress.
void set_rank(int rank);

/// How much is printed: warnings alone, progress too, or also details.
enum class Verbosity { quiet, normal, verbose };
void set_verbosity(Verbosity verbosity);

/// No more progress: stdout is for something else.
void be_quiet();

void info_line(const std::string& line);     ///< rank 0, stdout, flushed
void warning_line(const std::string& line);  ///< every rank, stderr, flushed
/// What is read, written and measured on the way, with the seconds since the start: rank 0, stderr,
/// flushed; verbose alone.
void detail_line(const std::string& line);
bool prints_details();

/// Columns of the terminal for a line that says how it is going; 0 if there is none: stderr is a
/// file or a pipe, as under mpirun, or this rank prints no progress.
int status_columns();
/// Shows `line` below what is printed, in place of the one shown; "" takes it away.
void set_status(const std::string& line);

/// Why stdout took no more, as in errno: EPIPE if nobody reads the pipe any more, as in
/// `superpose train ... | head` (a process that does not ignore SIGPIPE never comes to ask), ENOSPC
/// on a full disk; 0 if it took everything so far.
int output_failure();

/// Writes what is left of the output. Error (io) if some of it could not be written.
void finish_output();

template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  info_line(fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  warning_line(fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void detail(fmt::format_string<Args...> format, Args&&... args) {
  if (prints_details()) detail_line(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace superpose::log
