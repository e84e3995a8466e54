#include <algorithm>

#include "config/duration.hpp"
#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "data/curriculum.hpp"
#include "distributed/same_on_ranks.hpp"
#include "jobs/compute_session.hpp"
#include "jobs/run_metadata.hpp"
#include "jobs/subcommand.hpp"
#include "train/check_fits.hpp"
#include "train/trainer.hpp"

namespace superpose::jobs {
namespace {

/// `superpose train CONFIG [--resume WHAT] [--max-time TIME] [--KEY VALUE ...]`
struct Arguments {
  std::string config;                       ///< TOML file
  train::Start start;                       ///< --resume
  train::JobLimits limits;                  ///< --max-time, --watchdog
  std::vector<config::Override> overrides;  ///< keys of train::RunOptions
  std::string command_line;                 ///< as typed, for the output files
};

/// The same on all ranks.
train::TrainingData read_data(const train::RunOptions& options,
                              const distributed::Communicator& world) {
  distributed::require_same(
      world, {{"the configuration", config::effective_config(options), ExitCode::usage}});
  train::TrainingData data{data::read_problems(options.data.train), {}};
  if (!options.data.valid.empty()) data.valid = data::read_problems(options.data.valid);
  distributed::require_same(world, {{"data.train", data.train.hash, ExitCode::data},
                                    {"data.valid", data.valid.hash, ExitCode::data}});
  for (const auto* file : {&data.train, &data.valid}) train::check_fits(*file, options);
  train::check_passes(data.train, options);
  const auto& trained = data.train.hashes;
  if (world.rank() == 0 &&
      std::find(trained.begin(), trained.end(), data.valid.hash) != trained.end())
    log::warning(
        "data.valid = {} has the bytes of a file of data.train: its problems are not held out",
        options.data.valid);
  return data;
}

train::Start start_of(const std::string& resume) {
  using Source = train::Start::Source;
  if (resume == "auto") return {Source::newest, ""};
  if (resume == "never") return {Source::scratch, ""};
  return {Source::checkpoint, resume};
}

void log_summary(const train::RunOptions& options, const train::TrainingData& data,
                 const distributed::Communicator& world) {
  log::info(
      "superpose train: {} on {} + {} held-out problems, {} layers, {} heads, n_embd {}, "
      "{} rank{}, run directory {}",
      to_string(options.method.name), data.train.problems.size(), data.valid.problems.size(),
      options.model.n_layer, options.model.n_head, options.model.n_embd, world.size(),
      world.size() == 1 ? "" : "s", options.output.directory);
}

int run(const Arguments& arguments, const distributed::Communicator& world) {
  const auto options = config::read_run_config(arguments.config, arguments.overrides, world.size());
  const auto data = read_data(options, world);
  auto metadata = run_metadata(world, arguments.command_line, config::effective_config(options));
  metadata.seeds = {{"train", options.train.seed}};
  metadata.data_hashes = {{"train", data.train.hash}};
  if (!options.data.valid.empty()) metadata.data_hashes["valid"] = data.valid.hash;
  metadata.sequence_version = data::sequence_version(options.method.name);
  log_summary(options, data, world);
  log::detail("configuration:\n{}", metadata.configuration);
  const ComputeSession compute;
  train::Trainer trainer(options, data, world, metadata, arguments.start, arguments.limits);
  return static_cast<int>(trainer.run());
}

}  // namespace

void add_train(CLI::App& app, Command& command, const std::string& typed) {
  auto* sub = app.add_subcommand("train", "Train a model, or continue training it");
  const auto arguments = std::make_shared<Arguments>();
  arguments->command_line = typed;
  sub->add_option("CONFIG", arguments->config, "Configuration of the run (TOML)")
      ->type_name("")
      ->required();
  sub->add_option_function<std::string>(
         "--resume", [arguments](const auto& what) { arguments->start = start_of(what); },
         "Continue from the last usable checkpoint of output.directory if there is one, never, "
         "or from this checkpoint")
      ->default_str("auto")
      ->type_name("auto|never|PATH");
  sub->add_option_function<std::string>(
         "--max-time",
         [arguments](const auto& time) {
           arguments->limits.max_seconds = config::parse_duration(time, "--max-time");
         },
         "Stop with a checkpoint and exit code 75 before so much wall time has passed: "
         "minutes, HH:MM:SS or D-HH:MM:SS")
      ->type_name("TIME");
  sub->add_option("--watchdog", arguments->limits.watchdog_seconds,
                  "End the job if ranks are silent or stuck for so long (0: never)")
      ->check(integer_in(0, 1 << 30))
      ->capture_default_str()
      ->type_name("SECONDS");
  add_verbosity(*sub);
  train::RunOptions defaults;
  add_settings(*sub, config::option_table(defaults), arguments->overrides);
  set_run(*sub, command, arguments, run);
}

}  // namespace superpose::jobs
