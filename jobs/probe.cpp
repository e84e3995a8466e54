#include "analysis/probe_file.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "analysis/report.hpp"
#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "data/expand.hpp"
#include "data/problem_file.hpp"
#include "io/agreement.hpp"
#include "io/checkpoint.hpp"
#include "jobs/compute_session.hpp"
#include "jobs/jobs.hpp"
#include "jobs/run_metadata.hpp"
#include "train/training_state.hpp"

namespace superpose::jobs {
namespace {

using distributed::Communicator;

/// A checkpoint that can be probed, by its header.
struct Candidate {
  std::string path;
  io::CheckpointHeader header;
  train::RunOptions options;
};

/// What was left out, a line each; every rank has the same.
class Skipped {
 public:
  void add(const std::string& path, const std::string& reason) {
    log::warning("{} is skipped: {}", path, reason);
    text_ += fmt::format("{}: {}\n", path, reason);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

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
  const bool same_model =
      same([](const Candidate& c) { return c.options.model.n_layer; }) &&
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

std::vector<Candidate> find_candidates(const std::vector<std::string>& arguments,
                                       const Communicator& world, Skipped& skipped) {
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

data::ProblemFile read_data(const ProbeArguments& arguments, const train::RunOptions& options) {
  auto file = data::read_problems(arguments.data);
  const auto limit = static_cast<std::size_t>(arguments.problems);
  if (limit > 0 && file.problems.size() > limit) file.problems.resize(limit);
  data::check_fits(file.max_nodes, data::Vocabulary(options.model.vocab_size));
  data::check_fits_positions(data::longest_sequence(file.problems, options.method),
                             options.model.n_positions);
  return file;
}

int raw_problem_count(const std::string& asked, int n_problems) {
  if (asked == "all") return n_problems;
  const bool digits =
      !asked.empty() && asked.size() < 10 && asked.find_first_not_of("0123456789") == std::string::npos;
  validate(digits, ExitCode::usage, "--raw_problems is '{}' (it takes a number or \"all\")", asked);
  return std::min(n_problems, std::stoi(asked));
}

analysis::RawOptions raw_options(const ProbeArguments& arguments, int n_problems, int n_layer) {
  analysis::RawOptions raw;
  raw.problems.resize(
      static_cast<std::size_t>(raw_problem_count(arguments.raw_problems, n_problems)));
  std::iota(raw.problems.begin(), raw.problems.end(), 0);
  raw.every_query = arguments.raw_queries == "all";
  raw.layers.resize(static_cast<std::size_t>(n_layer));
  std::iota(raw.layers.begin(), raw.layers.end(), 0);
  if (arguments.raw_layers.empty()) return raw;
  raw.layers.clear();
  for (const int layer : arguments.raw_layers) {
    validate(layer <= n_layer, ExitCode::usage,
             "--raw_layers names layer {} (the model has {}); layers are counted from 1", layer,
             n_layer);
    raw.layers.push_back(layer - 1);
  }
  std::sort(raw.layers.begin(), raw.layers.end());
  raw.layers.erase(std::unique(raw.layers.begin(), raw.layers.end()), raw.layers.end());
  return raw;
}

/// The grids of interventions asked for; rescale has one a group.
std::vector<analysis::InterventionGrid> grids_of(const ProbeArguments& arguments, int n_thoughts) {
  using analysis::InterventionKind;
  std::vector<analysis::InterventionGrid> grids;
  const auto add = [&](const std::string& name, InterventionKind kind, analysis::Group group) {
    grids.push_back({name, kind, group, n_thoughts, arguments.strengths});
  };
  for (const auto kind :
       {InterventionKind::rescale, InterventionKind::swap, InterventionKind::nearest_token}) {
    const std::string name = analysis::intervention_names[static_cast<int>(kind)];
    if (std::count(arguments.intervene.begin(), arguments.intervene.end(), name) == 0) continue;
    if (kind != InterventionKind::rescale) {
      add(name, kind, analysis::Group::frontier);
      continue;
    }
    for (const auto group : analysis::all_groups)
      add(fmt::format("{}_{}", name, analysis::group_names[static_cast<int>(group)]), kind, group);
  }
  return grids;
}

void print(const std::vector<analysis::InterventionGrid>& grids,
           const analysis::CheckpointFindings& findings) {
  for (std::size_t g = 0; g < grids.size(); ++g) {
    log::info("  {}: answers right after it (thought 0: all of them)", grids[g].name);
    const auto interventions = grids[g].interventions();
    for (std::size_t i = 0; i < interventions.size(); ++i) {
      const auto& outcome = findings.interventions[g][i];
      log::info("    thought {}  strength {:<6g} {:>7.2f} % of {} ({:.2f} % before)",
                interventions[i].thought, interventions[i].strength,
                100.0 * static_cast<double>(outcome.right_after) /
                    static_cast<double>(outcome.problems),
                outcome.problems,
                100.0 * static_cast<double>(outcome.right_before) /
                    static_cast<double>(outcome.problems));
    }
  }
}

analysis::CheckpointInfo info_of(const io::CheckpointHeader& header) {
  const auto counter = [&](const char* name) {
    const auto found = header.counters.find(name);
    return found == header.counters.end() ? std::int64_t{-1} : found->second;
  };
  return {header.step, counter("epoch"), counter("stage")};
}

analysis::CheckpointFindings probe_one(const Candidate& candidate, model::Network<float>& model,
                                       const data::ProblemFile& file,
                                       const analysis::ProbeSettings& settings,
                                       const std::vector<analysis::InterventionGrid>& grids,
                                       const Communicator& world, analysis::ProbeFile& output) {
  output.begin_checkpoint(candidate.header.step, model.parameters());
  analysis::CheckpointFindings findings{
      info_of(candidate.header),
      analysis::probe(model, file.problems, settings, world,
                      [&](const auto* batch) { output.write_round(batch); }),
      {}};
  output.end_checkpoint();
  for (const auto& grid : grids)
    findings.interventions.push_back(
        analysis::intervene(model, file.problems, settings, grid.interventions(), world));
  log::info("step {:>9}  {}", candidate.header.step, analysis::line(findings.statistics));
  return findings;
}

}  // namespace

int probe_job(const ProbeArguments& arguments, const Communicator& world) {
  const Stopwatch watch;
  Skipped skipped;
  const auto candidates = find_candidates(arguments.checkpoints, world, skipped);
  const auto& options = candidates[0].options;
  const auto file = read_data(arguments, options);
  auto metadata =
      run_metadata(world, arguments.command_line, candidates[0].header.metadata.configuration);
  metadata.seeds = {{"train", options.train.seed}};
  metadata.data_hashes = {{"data", file.hash}};
  const ComputeSession compute;
  const auto model = model::make_network(options.model);
  const analysis::ProbeSettings settings{options.method, options.train.seed,
                                         arguments.frontier == "walk"
                                             ? analysis::FrontierRule::walk
                                             : analysis::FrontierRule::distance};
  const analysis::RawPlan plan(
      file.problems, settings, options.model,
      raw_options(arguments, static_cast<int>(file.problems.size()), options.model.n_layer));
  const auto grids = grids_of(arguments, plan.n_thoughts);
  log::info("{} checkpoints on {} problems of {}; {} will hold {:.1f} MB", candidates.size(),
            file.problems.size(), arguments.data, arguments.output,
            1e-6 * static_cast<double>(candidates.size() * plan.bytes()));
  analysis::ProbeFile output(arguments.output, world, metadata, plan, candidates.size());
  std::vector<analysis::CheckpointFindings> findings;
  for (const auto& candidate : candidates) {
    try {
      io::agree(world, [&] { train::load_parameters(candidate.path, model->parameters()); });
    } catch (const Error& error) {
      skipped.add(candidate.path, error.what());
      continue;
    }
    findings.push_back(probe_one(candidate, *model, file, settings, grids, world, output));
  }
  validate(!findings.empty(), ExitCode::checkpoint,
           "none of the checkpoints could be read (the warnings above say why); give others");
  log::info("{}", analysis::table(findings.back().statistics));
  print(grids, findings.back());
  output.finish(findings, grids, skipped.text());
  log::info("{} in {:.1f} s", arguments.output, watch.seconds());
  return 0;
}

}  // namespace superpose::jobs
