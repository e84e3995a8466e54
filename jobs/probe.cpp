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
#include "jobs/probe/choices.hpp"
#include "jobs/probe/series.hpp"
#include "jobs/run_metadata.hpp"
#include "train/training_state.hpp"

namespace superpose::jobs {
namespace {

using distributed::Communicator;
using probe::Candidate;
using probe::Skipped;

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
    findings.interventions = probe::intervene(setup.grids, model, problems, setup.settings, world);
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
    probe::print(setup.grids[g], findings.interventions[g]);
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
  const auto candidates = probe::find_candidates(arguments.checkpoints, world, skipped);
  const auto& options = candidates[0].options;
  const auto file = read_data(arguments, options);
  const ComputeSession compute;
  const analysis::ProbeSettings settings{options.method, options.train.seed,
                                         probe::frontier_rule(arguments)};
  const int n_problems = static_cast<int>(file.problems.size());
  const analysis::RawPlan plan(file.problems, settings, options.model,
                               probe::raw_options(arguments, n_problems, options.model.n_layer));
  const Setup setup{file, settings, probe::grids_of(arguments, options.method, plan.n_thoughts)};
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
