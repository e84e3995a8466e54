#pragma once
/// A series of checkpoints of one run: those that can stand in one file, and what was left out.

#include <functional>
#include <string>
#include <vector>

#include "distributed/communicator.hpp"
#include "io/checkpoint.hpp"
#include "train/options.hpp"

namespace superpose::train {

/// A checkpoint of the series, by its header.
struct Candidate {
  std::string path;
  io::CheckpointHeader header;
  RunOptions options;
};

/// What was left out and why, a line each; the same on every rank. Rank 0 warns of it.
class Skipped {
 public:
  explicit Skipped(const distributed::Communicator& communicator) : rank_(communicator.rank()) {}

  void add(const std::string& path, const std::string& reason);
  const std::string& text() const { return text_; }

 private:
  int rank_;
  std::string text_;
};

/// Makes options of the configuration that `source` holds: config::parse_run_config.
using ParseOptions =
    std::function<RunOptions(const std::string& configuration, const std::string& source)>;

/// The checkpoints that the arguments name, a directory standing for all of its own, by ascending
/// step. Those that cannot be read, or are not of the same run as the first named, are skipped. Two
/// may be at one step: the second is there if the first turns out to be damaged. Collective.
/// Error (checkpoint) if none is left.
std::vector<Candidate> find_candidates(const std::vector<std::string>& arguments,
                                       const ParseOptions& parse,
                                       const distributed::Communicator& communicator,
                                       Skipped& skipped);

}  // namespace superpose::train
