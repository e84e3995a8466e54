#pragma once
/// What all ranks of a job must have alike: they sum what each of them computes. Copies of files
/// that differ from node to node and launchers that start different commands are found by
/// comparing.

#include <string>
#include <vector>

#include "distributed/communicator.hpp"

namespace superpose::distributed {

/// Something of a rank, in words that a message can quote.
struct Fact {
  std::string name;   ///< "the configuration"
  std::string value;  ///< of many lines, of which the first that differs is shown
  ExitCode code;      ///< of the error
};

/// Error on every rank if a rank's fact is not rank 0's: names the rank, its host and what differs.
/// Collective; every rank gives facts of the same names.
void require_same(const Communicator& world, const std::vector<Fact>& facts);

/// The same for the words of the command line and for the build. Collective.
void require_same_program(const Communicator& world, const std::vector<std::string>& words);

}  // namespace superpose::distributed
