#pragma once
#include <functional>

#include "distributed/communicator.hpp"

namespace superpose::jobs {

/// What the command line asks for. Exactly one of the two is set; either returns the exit code of
/// the process, or throws; main.cpp turns what it throws into a message and a code.
struct Command {
  std::function<int()> serial;  ///< needs neither MPI nor Kokkos: help, version, validate
  std::function<int(const distributed::Communicator& world)> parallel;  ///< called by every rank
};

/// Error (usage) for an unknown subcommand, option or value, with the nearest name.
Command parse_command_line(int argc, const char* const* argv);

}  // namespace superpose::jobs
