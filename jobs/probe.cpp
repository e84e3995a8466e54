#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/intervention_grid.hpp"
#include "analysis/probe_file.hpp"
#include "analysis/report.hpp"
#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "data/expand.hpp"
#include "data/problem_file.hpp"
#include "io/agreement.hpp"
#include "jobs/compute_session.hpp"
#include "jobs/jobs.hpp"
#include "jobs/run_metadata.hpp"
#include "train/checkpoint_series.hpp"
#include "train/training_state.hpp"

namespace superpose::jobs {
namespace {

using distributed::Communicator;
using train::Candidate;
using train::Skipped;

int raw_problem_count(const std::string& asked, int n_problems) {
  if (asked == "all") return n_problems;
  const bool digits = !asked.empty() && asked.size() < 10 &&
                      asked.find_first_not_of("0123456789") == std::string::npos;
  validate(digits, ExitCode::usage, "--raw_problems is '{}' (it takes a number or \"all\")", asked);
  return std::min(n_problems, std::stoi(asked));
}

/// Error (usage) for layers that the model does not have.
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

/// 0, 0.5, 1 unless others are asked for.
std::vector<double> strengths_of(const ProbeArguments& arguments) {
  validate(arguments.strengths.empty() || !arguments.intervene.empty(), ExitCode::usage,
           "--strengths has no effect (no intervention was asked for); add --intervene");
  for (const double strength : arguments.strengths)
    validate(std::isfinite(strength), ExitCode::usage,
             "--strengths holds {} (a strength is a finite number); leave it out", strength);
  return arguments.strengths.empty() ? std::vector<double>{0, 0.5, 1} : arguments.strengths;
}

std::vector<analysis::InterventionGrid> grids_of(const ProbeArguments& arguments,
                                                 const data::MethodOptions& method,
                                                 int n_thoughts) {
  using analysis::InterventionKind;
  const auto strengths = strengths_of(arguments);
  if (!arguments.intervene.empty()) analysis::require_fed_back(method);
  std::vector<InterventionKind> kinds;
  for (const auto kind :
       {InterventionKind::rescale, InterventionKind::swap, InterventionKind::nearest_token})
    if (std::count(arguments.intervene.begin(), arguments.intervene.end(),
                   analysis::intervention_names[static_cast<int>(kind)]) > 0)
      kinds.push_back(kind);
  return analysis::intervention_grids(kinds, strengths, n_thoughts);
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

analysis::CheckpointInfo info_of(const io::CheckpointHeader& header) {
  const auto counter = [&](const char* name) {
    const auto found = header.counters.find(name);
    return found == header.counters.end() ? std::int64_t{-1} : found->second;
  };
  return {header.step, counter("epoch"), counter("stage")};
}

/// What every checkpoint of a series is measured with.
struct Setup {
  const data::ProblemFile& file;
  analysis::ProbeSettings settings;
  std::vector<analysis::InterventionGrid> grids;
};

analysis::CheckpointFindings probe_one(const Candidate& candidate, model::Network<float>& model,
                                       const Setup& setup, const Communicator& world,
                                       analysis::ProbeFile& output) {
  const auto& problems = setup.file.problems;
  output.begin_checkpoint(candidate.header.step, model.parameters());
  auto statistics = analysis::probe(model, problems, setup.settings, world,
                                    [&](const auto* batch) { output.write_round(batch); });
  output.end_checkpoint();
  analysis::CheckpointFindings findings{info_of(candidate.header), std::move(statistics), {}};
  if (!setup.grids.empty())
    findings.interventions =
        analysis::intervene(setup.grids, model, problems, setup.settings, world);
  log::info("step {:>9}  {}", candidate.header.step, analysis::line(findings.statistics));
  return findings;
}

/// Error (checkpoint) if none of the candidates can be read to its end.
std::vector<analysis::CheckpointFindings> probe_all(const std::vector<Candidate>& candidates,
                                                    const Setup& setup, const Communicator& world,
                                                    Skipped& skipped, analysis::ProbeFile& output) {
  const auto model = model::make_network(candidates[0].options.model);
  std::vector<analysis::CheckpointFindings> findings;
  for (const auto& candidate : candidates) {
    const auto step = candidate.header.step;
    if (!findings.empty() && findings.back().info.step == step) {
      skipped.add(candidate.path, fmt::format("another one at step {} was probed", step));
      continue;
    }
    try {
      train::load_parameters(world, candidate.path, model->parameters());
    } catch (const Error& error) {
      skipped.add(candidate.path, error.what());
      continue;
    }
    findings.push_back(probe_one(candidate, *model, setup, world, output));
  }
  validate(!findings.empty(), ExitCode::checkpoint,
           "none of the checkpoints could be read (the warnings above say why); give others");
  return findings;
}

void print(const Setup& setup, const analysis::CheckpointFindings& findings) {
  log::info("{}", analysis::table(findings.statistics));
  if (!setup.grids.empty()) log::info("answers right after an intervention of strength s");
  for (std::size_t g = 0; g < setup.grids.size(); ++g)
    log::info("{}", analysis::table(setup.grids[g], findings.interventions[g]));
}

io::RunMetadata metadata_of(const ProbeArguments& arguments, const Candidate& candidate,
                            const data::ProblemFile& file, const Communicator& world) {
  auto metadata =
      run_metadata(world, arguments.command_line, candidate.header.metadata.configuration);
  metadata.seeds = {{"train", candidate.options.train.seed}};
  metadata.data_hashes = {{"data", file.hash}};
  return metadata;
}

}  // namespace

int probe_job(const ProbeArguments& arguments, const Communicator& world) {
  const Stopwatch watch;
  Skipped skipped;
  const auto parse = [](const std::string& configuration, const std::string& source) {
    return config::parse_run_config(configuration, source);
  };
  const auto candidates = train::find_candidates(arguments.checkpoints, parse, world, skipped);
  const auto& options = candidates[0].options;
  const auto file = read_data(arguments, options);
  const ComputeSession compute;
  const analysis::ProbeSettings settings{options.method, options.train.seed};
  const int n_problems = static_cast<int>(file.problems.size());
  const analysis::RawPlan plan(file.problems, settings, options.model,
                               raw_options(arguments, n_problems, options.model.n_layer));
  const Setup setup{file, settings, grids_of(arguments, options.method, plan.n_thoughts)};
  log::info("{} checkpoint{} on {} problems of {}; {} will take up to {:.1f} MB", candidates.size(),
            candidates.size() == 1 ? "" : "s", n_problems, arguments.data, arguments.output,
            1e-6 * static_cast<double>(analysis::file_bytes(plan, candidates.size())));
  analysis::ProbeFile output(arguments.output, world,
                             metadata_of(arguments, candidates[0], file, world), plan,
                             candidates.size());
  const auto findings = probe_all(candidates, setup, world, skipped, output);
  print(setup, findings.back());
  output.finish(findings, setup.grids, skipped.text());
  log::info("{} in {:.1f} s", arguments.output, watch.seconds());
  return 0;
}

}  // namespace superpose::jobs
