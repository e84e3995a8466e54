#include "train/checkpoint_series.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/log.hpp"
#include "train/same_run.hpp"

namespace superpose::train {
namespace {

std::vector<std::string> paths_of(const std::vector<std::string>& arguments,
                                  const distributed::Communicator& communicator, Skipped& skipped) {
  std::vector<std::string> paths;
  for (const auto& argument : arguments) {
    const auto files = io::checkpoint_files(communicator, argument);
    if (files.empty()) skipped.add(argument, "it holds no checkpoints");
    paths.insert(paths.end(), files.begin(), files.end());
  }
  return paths;
}

/// Why `other` cannot stand in one file with `first`; empty if it can.
std::string why_apart(const Candidate& first, const Candidate& other) {
  const auto &a = first.header.metadata, &b = other.header.metadata;
  const auto difference = setting_difference(a, b);
  if (difference)
    return fmt::format("it is of another run ({} is {}, not {}); probe it into a file of its own",
                       difference->key, difference->now, difference->stored);
  const auto hash = [](const io::RunMetadata& metadata) {
    const auto found = metadata.data_hashes.find("train");
    return found == metadata.data_hashes.end() ? std::string() : found->second;
  };
  return hash(a) == hash(b) ? ""
                            : "it is of another run (its training problems differ); probe it into "
                              "a file of its own";
}

}  // namespace

void Skipped::add(const std::string& path, const std::string& reason) {
  if (rank_ == 0) log::warning("{} is skipped: {}", path, reason);
  text_ += fmt::format("{}: {}\n", path, reason);
}

std::vector<Candidate> find_candidates(const std::vector<std::string>& arguments,
                                       const ParseOptions& parse,
                                       const distributed::Communicator& communicator,
                                       Skipped& skipped) {
  std::vector<Candidate> candidates;
  for (const auto& path : paths_of(arguments, communicator, skipped)) {
    try {
      const auto header = io::read_header(communicator, path);
      const Candidate candidate{path, header, parse(header.metadata.configuration, path)};
      const auto reason = candidates.empty() ? "" : why_apart(candidates[0], candidate);
      reason.empty() ? candidates.push_back(candidate) : skipped.add(path, reason);
    } catch (const Error& error) {
      skipped.add(path, error.what());
    }
  }
  validate(!candidates.empty(), ExitCode::checkpoint,
           "none of the checkpoints can be probed (the warnings above say why); give others");
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const auto& a, const auto& b) { return a.header.step < b.header.step; });
  return candidates;
}

}  // namespace superpose::train
