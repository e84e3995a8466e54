#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/intervention_grid.hpp"
#include "analysis/probe_file.hpp"
#include "analysis/report.hpp"
#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "data/problem_file.hpp"
#include "distributed/same_on_ranks.hpp"
#include "jobs/compute_session.hpp"
#include "jobs/run_metadata.hpp"
#include "jobs/subcommand.hpp"
#include "train/check_fits.hpp"
#include "train/probe_series.hpp"

namespace superpose::jobs {
namespace {

/// `superpose probe CHECKPOINT... --data FILE --output FILE [--OPTION VALUE ...]`
struct Arguments {
  std::vector<std::string> checkpoints;  ///< files, or run directories for all of theirs
  std::string data;                      ///< problem file
  std::string output;                    ///< probe file to write (HDF5)
  bool force = false;                    ///< replace what is there
  int problems = 0;                      ///< at most so many; 0: all
  int raw_problems = 8;                  ///< how many keep their attention, at most
  std::vector<int> raw_layers;           ///< of these layers, from 1; empty: all
  analysis::RawQueries raw_queries = analysis::RawQueries::all;
  std::vector<analysis::InterventionKind> intervene;
  std::vector<double> strengths;  ///< empty: 0, 0.5, 1
  std::string command_line;       ///< as typed, for the output file
};

using distributed::Communicator;
using train::Candidate;
using train::Skipped;

/// 0, 0.5, 1 unless others are asked for.
std::vector<double> strengths_of(const Arguments& arguments) {
  validate(arguments.strengths.empty() || !arguments.intervene.empty(), ExitCode::usage,
           "--strengths has no effect (no intervention was asked for); add --intervene");
  for (const double strength : arguments.strengths)
    validate(std::isfinite(strength), ExitCode::usage,
             "--strengths holds {} (a strength is a finite number); leave it out", strength);
  return arguments.strengths.empty() ? std::vector<double>{0, 0.5, 1} : arguments.strengths;
}

std::vector<analysis::InterventionGrid> grids_of(const Arguments& arguments,
                                                 const data::MethodOptions& method,
                                                 int n_thoughts) {
  const auto strengths = strengths_of(arguments);
  if (!arguments.intervene.empty()) analysis::require_fed_back(method);
  return analysis::intervention_grids(arguments.intervene, strengths, n_thoughts);
}

data::ProblemFile read_data(const Arguments& arguments, const train::RunOptions& options,
                            const Communicator& world) {
  auto file = data::read_problems(arguments.data);
  distributed::require_same(world, {{"--data", file.hash, ExitCode::data}});
  const auto limit = static_cast<std::size_t>(arguments.problems);
  if (limit > 0 && file.problems.size() > limit) file.problems.resize(limit);
  train::check_fits(file, options);
  return file;
}

void print(const train::ProbeSetup& setup, const analysis::CheckpointFindings& findings) {
  log::info("{}", analysis::table(findings.statistics));
  if (!setup.grids.empty()) log::info("answers right after an intervention of strength s");
  for (std::size_t g = 0; g < setup.grids.size(); ++g)
    log::info("{}", analysis::table(setup.grids[g], findings.interventions[g]));
}

io::RunMetadata metadata_of(const Arguments& arguments, const Candidate& candidate,
                            const data::ProblemFile& file, const Communicator& world) {
  auto metadata =
      run_metadata(world, arguments.command_line, candidate.header.metadata.configuration);
  metadata.seeds = {{"train", candidate.options.train.seed}};
  metadata.data_hashes = {{"data", file.hash}};
  return metadata;
}

io::Output output_of(const Arguments& arguments, const std::vector<Candidate>& candidates) {
  io::Output output{arguments.output, arguments.command_line, {arguments.data}, arguments.force};
  for (const auto& candidate : candidates) output.inputs.push_back(candidate.path);
  return output;
}

int run(const Arguments& arguments, const Communicator& world) {
  const Stopwatch watch;
  Skipped skipped(world);
  const auto parse = [](const std::string& configuration, const std::string& source) {
    return config::parse_run_config(configuration, source);
  };
  const auto candidates = train::find_candidates(arguments.checkpoints, parse, world, skipped);
  const auto& options = candidates[0].options;
  const auto file = read_data(arguments, options, world);
  const ComputeSession compute;
  const analysis::ProbeSettings settings{options.method, options.train.seed};
  const int n_problems = static_cast<int>(file.problems.size());
  const analysis::RawPlan plan(
      file.problems, settings, options.model,
      analysis::raw_options(std::min(n_problems, arguments.raw_problems), arguments.raw_layers,
                            arguments.raw_queries, options.model.n_layer));
  const train::ProbeSetup setup{file.problems, settings,
                                grids_of(arguments, options.method, plan.n_thoughts)};
  log::info("{} checkpoint{} on {} problems of {}; {} will take up to {:.1f} MB", candidates.size(),
            candidates.size() == 1 ? "" : "s", n_problems, arguments.data, arguments.output,
            1e-6 * static_cast<double>(analysis::file_bytes(plan, candidates.size())));
  analysis::ProbeFile output(output_of(arguments, candidates), world,
                             metadata_of(arguments, candidates[0], file, world), plan,
                             candidates.size());
  const auto findings = train::probe_series(candidates, setup, world, skipped, output);
  print(setup, findings.back());
  output.finish(findings, setup.grids, skipped.text());
  log::info("{} in {:.1f} s", arguments.output, watch.seconds());
  return 0;
}

/// A number, or "all".
int raw_problem_count(const std::string& asked) {
  if (asked == "all") return std::numeric_limits<int>::max();
  const bool digits = !asked.empty() && asked.size() < 10 &&
                      asked.find_first_not_of("0123456789") == std::string::npos;
  validate(digits, ExitCode::usage, "--raw-problems is '{}' (it takes a number or \"all\")", asked);
  return std::stoi(asked);
}

void add_probe_choices(CLI::App& sub, Arguments& arguments) {
  sub.add_option("--problems", arguments.problems, "Probe the first N problems (0: all)")
      ->check(integer_in(0, 1 << 30))
      ->capture_default_str()
      ->type_name("N");
  sub.add_option_function<std::string>(
         "--raw-problems",
         [&arguments](const auto& count) { arguments.raw_problems = raw_problem_count(count); },
         "Keep the attention of the first N problems, or of all")
      ->default_str(std::to_string(arguments.raw_problems))
      ->type_name("N|all");
  sub.add_option("--raw-layers", arguments.raw_layers, "of these layers (1: the first; all)")
      ->delimiter(',')
      ->check(integer_in(1, 1 << 20))
      ->type_name("N,...");
  add_choice(sub, "--raw-queries", arguments.raw_queries,
             "from every position, or from the thoughts' and [A] alone");
}

}  // namespace

void add_probe(CLI::App& app, Command& command, const std::string& typed) {
  auto* sub = app.add_subcommand("probe", "Look inside: attention, thoughts, interventions");
  const auto arguments = std::make_shared<Arguments>();
  arguments->command_line = typed;
  sub->add_option("CHECKPOINT", arguments->checkpoints,
                  "Checkpoints, or run directories for all of theirs")
      ->type_name("...")
      ->required();
  sub->add_option("--data", arguments->data, "Problem file (JSON)")->type_name("FILE")->required();
  sub->add_option("--output", arguments->output, "Probe file (HDF5) to write")
      ->type_name("FILE")
      ->required();
  add_force(*sub, arguments->force);
  add_probe_choices(*sub, *arguments);
  const auto kinds = all_names<analysis::InterventionKind>();
  const auto add_kind = [arguments](const std::string& kind) {
    arguments->intervene.push_back(*enum_of<analysis::InterventionKind>(kind));
  };
  sub->add_option_function<std::vector<std::string>>(
         "--intervene",
         [add_kind](const auto& asked) { std::for_each(asked.begin(), asked.end(), add_kind); },
         fmt::format("Change thoughts and measure the answers: {}", fmt::join(kinds, ", ")))
      ->delimiter(',')
      ->check(CLI::IsMember(kinds))
      ->type_name("KIND,...");
  sub->add_option("--strengths", arguments->strengths,
                  "Strengths of the interventions (default 0,0.5,1)")
      ->delimiter(',')
      ->check(CLI::Number)
      ->type_name("X,...");
  add_verbosity(*sub);
  sub->footer(exit_codes);
  set_run(*sub, command, arguments, run);
}

}  // namespace superpose::jobs
