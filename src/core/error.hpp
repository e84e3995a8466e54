#pragma once
/// Errors a user can meet (Error, with the exit code the process ends with) and contracts for the
/// developer (SUPERPOSE_EXPECT). Nothing in the program calls exit: errors travel to the one
/// boundary in jobs/main.cpp.

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace superpose {

/// Exit codes of the program; part of its interface (jobs/README.md, Exit codes).
enum class ExitCode : int {
  done = 0,
  failure = 1,       ///< out of memory or a defect of the program; of `diff`: different
  usage = 2,         ///< wrong option, key, type or value
  data = 3,          ///< missing or malformed problem file
  checkpoint = 4,    ///< no usable checkpoint
  io = 5,            ///< reading, writing or space
  divergence = 6,    ///< NaN or infinity in loss, gradient or weights
  mpi = 7,           ///< MPI failure
  interrupted = 75,  ///< stopped on request after a checkpoint: submit again
};

/// An error to be shown to the user. Messages read "problem (why it is one) what to do".
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message, bool agreed = false)
      : std::runtime_error(message), code_(code), agreed_(agreed) {}
  ExitCode code() const { return code_; }
  /// Every rank throws this same error, whose message names the rank it happened on.
  bool agreed() const { return agreed_; }

 private:
  ExitCode code_;
  bool agreed_;
};

template <class... Args>
[[noreturn]] void fail(ExitCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

/// For what every rank finds out at once: the error is printed once, by rank 0.
template <class... Args>
[[noreturn]] void fail_everywhere(ExitCode code, fmt::format_string<Args...> format,
                                  Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...), true);
}

/// Throws Error(code, message) unless `condition` holds; for what a user can get wrong.
template <class... Args>
void validate(bool condition, ExitCode code, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace superpose

/// A contract between functions: broken only by a defect of the program, never by its input.
#define SUPERPOSE_EXPECT(condition)                                                     \
  do {                                                                                  \
    if (!(condition))                                                                   \
      throw std::logic_error(                                                           \
          fmt::format("contract broken: {} at {}:{}", #condition, __FILE__, __LINE__)); \
  } while (false)
