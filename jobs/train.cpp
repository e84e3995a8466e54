#include "config/duration.hpp"
#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "data/curriculum.hpp"
#include "data/expand.hpp"
#include "jobs/compute_session.hpp"
#include "jobs/jobs.hpp"
#include "jobs/run_metadata.hpp"
#include "train/trainer.hpp"

namespace superpose::jobs {
namespace {

train::TrainingData read_data(const train::RunOptions& options) {
  train::TrainingData data{data::read_problems(options.data.train), {}};
  if (!options.data.valid.empty()) data.valid = data::read_problems(options.data.valid);
  const data::Vocabulary vocabulary(options.model.vocab_size);
  for (const auto* file : {&data.train, &data.valid}) {
    data::check_fits(file->max_nodes, vocabulary);
    data::check_fits_positions(data::longest_sequence(file->problems, options.method),
                               options.model.n_positions);
  }
  return data;
}

train::Start start_of(const std::string& resume) {
  using Source = train::Start::Source;
  if (resume == "auto") return {Source::newest, ""};
  if (resume == "never") return {Source::scratch, ""};
  return {Source::checkpoint, resume};
}

void greet(const train::RunOptions& options, const train::TrainingData& data,
           const distributed::Communicator& world) {
  log::info(
      "superpose train: {} on {} + {} held-out problems, {} layers, {} heads, n_embd {}, "
      "{} rank{}, run directory {}",
      data::to_string(options.method.name), data.train.problems.size(), data.valid.problems.size(),
      options.model.n_layer, options.model.n_head, options.model.n_embd, world.size(),
      world.size() == 1 ? "" : "s", options.output.directory);
}

}  // namespace

int train_job(const TrainArguments& arguments, const distributed::Communicator& world) {
  train::JobLimits limits;
  limits.watchdog_seconds = arguments.watchdog;
  if (arguments.max_time)
    limits.max_seconds = config::parse_duration(*arguments.max_time, "--max_time");
  const auto options = config::read_run_config(arguments.config, arguments.overrides);
  const auto data = read_data(options);
  auto metadata = run_metadata(world, arguments.command_line, config::effective_config(options));
  metadata.seeds = {{"train", options.train.seed}};
  metadata.data_hashes = {{"train", data.train.hash}};
  if (!options.data.valid.empty()) metadata.data_hashes["valid"] = data.valid.hash;
  metadata.sequence_version = data::sequence_version(options.method.name);
  greet(options, data, world);
  const ComputeSession compute;
  train::Trainer trainer(options, data, world, metadata, start_of(arguments.resume), limits);
  return static_cast<int>(trainer.run());
}

}  // namespace superpose::jobs
