#pragma once
/// The checkpoints of a probe: those that can stand in one file, and what was left out.

#include <string>
#include <vector>

#include "distributed/communicator.hpp"
#include "io/checkpoint.hpp"
#include "train/options.hpp"

namespace superpose::jobs::probe {

/// A checkpoint that can be probed, by its header.
struct Candidate {
  std::string path;
  io::CheckpointHeader header;
  train::RunOptions options;
};

/// What was left out and why, a line each; the same on every rank.
class Skipped {
 public:
  void add(const std::string& path, const std::string& reason);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// The checkpoints that the arguments name, a directory standing for all of its own, by ascending
/// step. Those that cannot be read, or are not of the same run as the first named, are skipped. Two
/// may be at one step: the second is there if the first turns out to be damaged. Collective.
/// Error (checkpoint) if none is left.
std::vector<Candidate> find_candidates(const std::vector<std::string>& arguments,
                                       const distributed::Communicator& world, Skipped& skipped);

}  // namespace superpose::jobs::probe
