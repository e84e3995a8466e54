#include <algorithm>

#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "data/options.hpp"
#include "distributed/same_on_ranks.hpp"
#include "exchange/imported_weights.hpp"
#include "io/agreement.hpp"
#include "jobs/run_metadata.hpp"
#include "jobs/subcommand.hpp"
#include "train/training_state.hpp"

namespace superpose::jobs {
namespace {

/// `superpose import WEIGHTS OUT.h5 [--vocabulary FILE] [--KEY VALUE ...]`
struct Arguments {
  std::string weights;                      ///< safetensors file, or folder of transformers
  std::string output;                       ///< checkpoint to write
  std::string vocabulary;                   ///< tokenizer.json or vocab.json
  bool force = false;                       ///< replace what is there
  std::vector<config::Override> overrides;  ///< keys of train::RunOptions
  std::string command_line;                 ///< as typed, for the output file
};

using exchange::ImportedWeights;

constexpr const char* n_head = "model.n_head";

bool is_set(const std::vector<config::Override>& overrides, const std::string& key) {
  return std::any_of(overrides.begin(), overrides.end(),
                     [&](const auto& override) { return override.key == key; });
}

/// What the files say: the configuration of the training if superpose exported it, else the
/// defaults, which are the papers', with the model that is in the file.
train::RunOptions options_in(const ImportedWeights& weights) {
  std::vector<config::Override> settings;
  for (const auto& [key, value] : weights.settings()) settings.push_back({key, value});
  if (weights.config().configuration.empty())
    settings.push_back({"data.train", "unknown (imported weights)"});
  if (!is_set(settings, n_head)) settings.push_back({n_head, "1"});
  try {
    return config::parse_run_config(weights.config().configuration, weights.source(), settings);
  } catch (const Error& error) {  // the files are the problem
    fail(ExitCode::checkpoint, "{} cannot be imported ({})", weights.source(), error.what());
  }
}

train::RunOptions options_of(const Arguments& arguments, const ImportedWeights& weights) {
  validate(weights.settings().count(n_head) > 0 || is_set(arguments.overrides, n_head),
           ExitCode::usage,
           "the number of heads is not known (weights do not tell it, and {} has no config.json); "
           "add --model.n_head N",
           arguments.weights);
  return config::parse_run_config(config::effective_config(options_in(weights)), weights.source(),
                                  arguments.overrides);
}

io::RunMetadata metadata_of(const Arguments& arguments, const ImportedWeights& weights,
                            const train::RunOptions& options,
                            const distributed::Communicator& world) {
  auto metadata = run_metadata(world, arguments.command_line, config::effective_config(options));
  metadata.seeds = {{"train", options.train.seed}};
  metadata.data_hashes = weights.config().data_hashes;
  metadata.data_hashes["imported"] = weights.hash();
  const auto version = weights.config().sequence_version;
  metadata.sequence_version = version > 0 ? version : data::sequence_version(options.method.name);
  return metadata;
}

int run(const Arguments& arguments, const distributed::Communicator& world) {
  const ImportedWeights weights(arguments.weights, arguments.vocabulary);
  distributed::require_same(world, {{"WEIGHTS", weights.hash(), ExitCode::checkpoint}});
  const auto options = options_of(arguments, weights);
  auto parameters = weights.parameters(options.model);
  std::string path;
  io::agree_on_rank_0(world, [&] {
    path = io::prepare_output(
        {arguments.output, arguments.command_line, weights.inputs(), arguments.force});
  });
  train::write_first_checkpoint(world, world.broadcast(path), options.model, parameters,
                                metadata_of(arguments, weights, options, world));
  const auto& m = options.model;
  log::info("{}: {}, {} layers, {} heads, n_embd {}, {} positions, {} tokens, {}, step 0",
            arguments.output, to_string(options.method.name), m.n_layer, m.n_head, m.n_embd,
            m.n_positions, m.vocab_size, m.tied ? "tied" : "untied");
  return 0;
}

}  // namespace

void add_import(CLI::App& app, Command& command, const std::string& typed) {
  auto* sub = app.add_subcommand("import", "Make a checkpoint of Hugging Face or PyTorch weights");
  const auto arguments = std::make_shared<Arguments>();
  arguments->command_line = typed;
  sub->add_option("WEIGHTS", arguments->weights,
                  "Safetensors file, or folder with model.safetensors and config.json")
      ->type_name("")
      ->required();
  sub->add_option("OUT", arguments->output, "Checkpoint (HDF5) to write, of step 0")
      ->type_name("")
      ->required();
  sub->add_option("--vocabulary", arguments->vocabulary,
                  "tokenizer.json or vocab.json to check instead of the folder's; without either "
                  "the published vocabulary of 40 tokens is taken for granted")
      ->type_name("FILE");
  add_force(*sub, arguments->force);
  add_verbosity(*sub);
  train::RunOptions defaults;
  add_settings(*sub, config::option_table(defaults), arguments->overrides);
  set_run(*sub, command, arguments, run);
}

}  // namespace superpose::jobs
