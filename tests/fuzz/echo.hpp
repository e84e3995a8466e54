#pragma once
#include <string>

#include "config/run_config.hpp"
#include "tests/fuzz/target.hpp"

namespace superpose::fuzz {

/// What the program echoes is a configuration, and the same one.
inline void check_echo(const train::RunOptions& options) {
  const std::string echo = config::effective_config(options);
  std::string again;
  const bool read = accepts(ExitCode::usage, [&] {
    again = config::effective_config(config::parse_run_config(echo, "the echo"));
  });
  require(read && again == echo, "the echo of a configuration reads back to it:\n" + echo);
}

}  // namespace superpose::fuzz
