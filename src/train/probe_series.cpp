#include "train/probe_series.hpp"

#include "analysis/probe.hpp"
#include "analysis/report.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "train/training_state.hpp"

namespace superpose::train {
namespace {

using distributed::Communicator;

analysis::CheckpointInfo info_of(const io::CheckpointHeader& header) {
  const auto counter = [&](Counter name) { return counter_in(header, name).value_or(-1); };
  return {header.step, counter(Counter::epoch), counter(Counter::stage)};
}

analysis::CheckpointFindings probe_one(const Candidate& candidate, model::Network<float>& model,
                                       const ProbeSetup& setup, const Communicator& world,
                                       analysis::ProbeFile& output) {
  output.begin_checkpoint(candidate.header.step, model.parameters());
  auto statistics = analysis::probe(model, setup.problems, setup.settings, world,
                                    [&](const auto* batch) { output.write_round(batch); });
  output.end_checkpoint();
  analysis::CheckpointFindings findings{info_of(candidate.header), std::move(statistics), {}};
  if (!setup.grids.empty())
    findings.interventions =
        analysis::intervene(setup.grids, model, setup.problems, setup.settings, world);
  log::info("step {:>9}  {}", candidate.header.step, analysis::line(findings.statistics));
  return findings;
}

}  // namespace

std::vector<analysis::CheckpointFindings> probe_series(const std::vector<Candidate>& candidates,
                                                       const ProbeSetup& setup,
                                                       const Communicator& world, Skipped& skipped,
                                                       analysis::ProbeFile& output) {
  const auto model = model::make_network(candidates[0].options.model);
  std::vector<analysis::CheckpointFindings> findings;
  for (const auto& candidate : candidates) {
    const auto step = candidate.header.step;
    if (!findings.empty() && findings.back().info.step == step) {
      skipped.add(candidate.path, fmt::format("another one at step {} was probed", step));
      continue;
    }
    try {
      load_parameters(world, candidate.path, model->parameters());
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

}  // namespace superpose::train
