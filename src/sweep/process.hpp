#pragma once
/// Other programs, started without a shell.

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace superpose::sweep {

using Command = std::vector<std::string>;

/// For the shell: quoted, unless it plainly needs no quotes.
std::string shell_word(const std::string& text);

/// A line of a script that says this to its reader alone: no control character ends it early.
std::string shell_comment(const std::string& text);

/// As one would type it.
std::string command_line(const Command& command);

inline constexpr int no_such_program = 127;  ///< as the shell has it

struct Outcome {
  int code = 0;        ///< exit code; 128 + signal if one ended it; no_such_program
  std::string output;  ///< standard output and error
};

/// Runs it to its end. Error (io) if no process can be made.
Outcome run(const Command& command);

/// Starts it in a process group of its own, so that a terminal's Ctrl-C does not reach it, with
/// these variables beside those of this process, but without those whose names begin so
/// (`dropped`). Error (io) if no process can be made.
pid_t start(const Command& command, const std::map<std::string, std::string>& variables,
            const std::vector<std::string>& dropped = {});

/// The code of Outcome from the status of waitpid.
int exit_code(int status);

}  // namespace superpose::sweep
