#pragma once
#include <string>

#include "jobs/command_line.hpp"

namespace CLI {
class App;
}

namespace superpose::jobs {

/// `superpose sweep` and its parts. `command_line`: as typed.
void add_sweep(CLI::App& app, Command& command, const std::string& command_line);

}  // namespace superpose::jobs
