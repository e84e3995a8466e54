#include "jobs/probe/series.hpp"

#include <algorithm>
#include <filesystem>

#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "io/agreement.hpp"

namespace superpose::jobs::probe {
namespace {

/// The files that the arguments name: a directory stands for its checkpoints, by ascending step.
std::vector<std::string> checkpoint_paths(const std::vector<std::string>& arguments) {
  std::vector<std::string> paths;
  for (const auto& argument : arguments) {
    if (!std::filesystem::is_directory(argument)) {
      paths.push_back(argument);
      continue;
    }
    auto found = io::find_checkpoints(argument);
    validate(!found.empty(), ExitCode::checkpoint,
             "{} holds no checkpoints; name a run directory or a checkpoint", argument);
    std::reverse(found.begin(), found.end());
    for (const auto& file : found) paths.push_back(file.path);
  }
  return paths;
}

/// Why `other` cannot stand in one file with `first`; empty if it can.
std::string why_apart(const Candidate& first, const Candidate& other) {
  const auto same = [&](const auto& member) { return member(first) == member(other); };
  const bool same_model = same([](const Candidate& c) { return c.options.model.n_layer; }) &&
                          same([](const Candidate& c) { return c.options.model.n_head; }) &&
                          same([](const Candidate& c) { return c.options.model.n_embd; }) &&
                          same([](const Candidate& c) { return c.options.model.n_positions; }) &&
                          same([](const Candidate& c) { return c.options.model.vocab_size; }) &&
                          same([](const Candidate& c) { return c.options.model.tied; });
  if (!same_model) return "it holds a model of another shape (probe it into a file of its own)";
  const bool same_text = same([](const Candidate& c) { return c.options.method.name; }) &&
                         same([](const Candidate& c) { return c.options.method.c_thought; }) &&
                         same([](const Candidate& c) { return c.options.method.last_edge_bar; }) &&
                         same([](const Candidate& c) { return c.options.train.seed; });
  return same_text ? ""
                   : "it was trained by another method or seed (probe it into a file of its own)";
}

}  // namespace

void Skipped::add(const std::string& path, const std::string& reason) {
  log::warning("{} is skipped: {}", path, reason);
  text_ += fmt::format("{}: {}\n", path, reason);
}

std::vector<Candidate> find_candidates(const std::vector<std::string>& arguments,
                                       const distributed::Communicator& world, Skipped& skipped) {
  std::vector<Candidate> candidates;
  for (const auto& path : checkpoint_paths(arguments)) {
    try {
      Candidate candidate;
      io::agree(world, [&] {
        const auto header = io::read_header(path);
        candidate = {path, header, config::parse_run_config(header.metadata.configuration, path)};
      });
      auto reason = candidates.empty() ? "" : why_apart(candidates[0], candidate);
      for (const auto& before : candidates)
        if (before.header.step == candidate.header.step)
          reason = fmt::format("it is at step {} as is {}", before.header.step, before.path);
      reason.empty() ? candidates.push_back(candidate) : skipped.add(path, reason);
    } catch (const Error& error) {
      skipped.add(path, error.what());
    }
  }
  validate(!candidates.empty(), ExitCode::checkpoint,
           "none of the checkpoints can be probed (the warnings above say why); give others");
  return candidates;
}

}  // namespace superpose::jobs::probe
