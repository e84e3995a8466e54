#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "data/curriculum.hpp"
#include "data/problem_file.hpp"
#include "data/shortcuts.hpp"
#include "distributed/same_on_ranks.hpp"
#include "io/checkpoint.hpp"
#include "io/evaluation_json.hpp"
#include "jobs/compute_session.hpp"
#include "jobs/subcommand.hpp"
#include "train/check_fits.hpp"
#include "train/evaluation_report.hpp"
#include "train/same_run.hpp"
#include "train/training_state.hpp"

namespace superpose::jobs {
namespace {

/// `superpose evaluate CHECKPOINT DATA [--latents N ...] [--json FILE]`
struct Arguments {
  std::string checkpoint;    ///< file, or run directory for its newest
  std::string data;          ///< problem file
  std::vector<int> latents;  ///< numbers of latent tokens to try; empty: those of the training
  std::string json;          ///< file for the results; "-": stdout; empty: print only
  bool force = false;        ///< replace what is there
  std::string command_line;  ///< as typed, for the output files
};

/// What --latents asks for; one result of the training's own number without it.
std::vector<std::optional<int>> latent_counts(const std::vector<int>& asked,
                                              const data::MethodOptions& method) {
  if (asked.empty()) return {std::nullopt};
  validate(data::has_stages(method.name), ExitCode::usage,
           "--latents does not apply to method {} (it has no latent tokens); leave it out",
           to_string(method.name));
  return {asked.begin(), asked.end()};
}

/// What was evaluated on what.
io::Json describe(const Arguments& arguments, const std::string& checkpoint,
                  const io::CheckpointHeader& header, const data::ProblemFile& file) {
  return {{"format_version", io::evaluation_version},
          {"command_line", arguments.command_line},
          {"checkpoint", checkpoint},
          {"step", header.step},
          {"git_hash", header.metadata.git_hash},
          {"sequence_version", train::sequence_version_of(header.metadata)},
          {"data", arguments.data},
          {"data_hash", file.hash},
          {"problems", file.problems.size()}};
}

/// Says so if the model was trained on sequences that this program makes no more.
void note_sequence_version(const io::RunMetadata& metadata, data::Method method) {
  const auto version = train::sequence_version_of(metadata);
  if (version == data::sequence_version(method)) return;
  log::info("trained by version {} of the sequences of {}, this program makes version {} ({}){}\n",
            version, to_string(method), data::sequence_version(method),
            data::sequence_change(method),
            method == data::Method::no_cot ? "; here [A] is given, as in that training" : "");
}

int run(const Arguments& arguments, const distributed::Communicator& world) {
  const auto checkpoint = io::checkpoint_file(world, arguments.checkpoint);
  const auto header = io::read_header(world, checkpoint);
  const auto options = config::parse_run_config(header.metadata.configuration, checkpoint);
  const auto file = data::read_problems(arguments.data);
  distributed::require_same(world, {{"DATA", file.hash, ExitCode::data}});
  const auto latents = latent_counts(arguments.latents, options.method);
  for (const auto& n_latent : latents) train::check_fits(file, options, n_latent);
  const io::JsonOutput output(
      {arguments.json, arguments.command_line, {checkpoint, arguments.data}, arguments.force},
      world.rank() == 0);
  const ComputeSession compute;
  const auto model = model::make_network(options.model);
  train::load_parameters(world, checkpoint, model->parameters());
  log::info("{} (step {}) on {}: {} problems\n", checkpoint, header.step, arguments.data,
            file.problems.size());
  note_sequence_version(header.metadata, options.method.name);
  std::vector<train::EvaluationResult> results;
  for (const auto& n_latent : latents) {
    const train::EvaluationSettings settings{
        options.method, options.train.seed, n_latent,
        static_cast<int>(train::sequence_version_of(header.metadata))};
    results.push_back(
        {n_latent, train::summarise(train::evaluate(*model, file.problems, settings, world))});
    log::info("{}", train::text(results.back()));
  }
  const auto shortcuts = data::blind_shortcuts(file.problems);
  log::info("{}", train::text(shortcuts));
  if (!output.wanted()) return 0;
  auto json = describe(arguments, checkpoint, header, file);
  for (const auto& result : results) json["results"].push_back(train::to_json(result));
  json["shortcuts"] = train::to_json(shortcuts);
  output.write(json);
  return 0;
}

}  // namespace

void add_evaluate(CLI::App& app, Command& command, const std::string& typed) {
  auto* sub = app.add_subcommand("evaluate", "Measure a checkpoint on a problem file");
  const auto arguments = std::make_shared<Arguments>();
  arguments->command_line = typed;
  sub->add_option("CHECKPOINT", arguments->checkpoint,
                  "Checkpoint (HDF5), or run directory for its newest")
      ->type_name("")
      ->required();
  sub->add_option("DATA", arguments->data, "Problem file (JSON)")->type_name("")->required();
  sub->add_option("--latents", arguments->latents,
                  "Numbers of latent tokens to evaluate with, in place of those of the training")
      ->delimiter(',')
      ->check(integer_in(0, 1 << 20))
      ->type_name("N");
  sub->add_option("--json", arguments->json,
                  "Also write the results to this file (-: to stdout, in place of the tables)")
      ->check(output_name())
      ->type_name("FILE");
  add_force(*sub, arguments->force);
  add_verbosity(*sub);
  sub->footer(exit_codes);
  set_run(*sub, command, arguments, run);
}

}  // namespace superpose::jobs
