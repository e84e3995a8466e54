#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "exchange/exported_model.hpp"
#include "exchange/hugging_face_folder.hpp"
#include "io/checkpoint.hpp"
#include "jobs/subcommand.hpp"

namespace superpose::jobs {
namespace {

/// `superpose export --to huggingface CHECKPOINT [DIR] [--force]`
struct Arguments {
  std::string checkpoint;    ///< file, or run directory for its newest
  std::string folder;        ///< to write; empty: beside the checkpoint
  bool force = false;        ///< replace what is there
  std::string command_line;  ///< as typed, for the output files
};

constexpr const char* hugging_face = "huggingface";

/// What the Python package writes of the histories of runs, under the same name.
constexpr std::array histories = {"csv", "jsonl", "tensorboard", "wandb", "mlflow"};

/// Error (usage) unless it is what this command writes.
void require_hugging_face(const std::string& target) {
  for (const std::string history : histories)
    validate(target != history, ExitCode::usage,
             "--to {} is for histories of runs (this command writes the weights of a checkpoint); "
             "bash jobs/figures/draw.sh export --to {} RUN... --output DIR writes them",
             target, target);
  validate(target == hugging_face, ExitCode::usage, "--to is '{}' (it takes \"{}\")", target,
           hugging_face);
}

/// runs/default/checkpoint_000014900_huggingface
std::string folder_beside(const std::string& checkpoint) {
  return std::filesystem::path(checkpoint).replace_extension("").string() + "_" + hugging_face;
}

int run(const Arguments& arguments) {
  const auto checkpoint = io::checkpoint_file(arguments.checkpoint);
  const auto header = io::read_header(checkpoint);
  const auto options = config::parse_run_config(header.metadata.configuration, checkpoint);
  const auto path = arguments.folder.empty() ? folder_beside(checkpoint) : arguments.folder;
  const exchange::HuggingFaceFolder folder({path,
                                            arguments.command_line,
                                            {checkpoint, exchange::history_beside(checkpoint)},
                                            arguments.force});
  folder.write(exchange::read_model(checkpoint, header, options));
  log::info("{}: {} of step {}, for transformers.GPT2LMHeadModel.from_pretrained", path,
            to_string(options.method.name), header.step);
  return 0;
}

}  // namespace

void add_export(CLI::App& app, Command& command, const std::string& typed) {
  auto* sub = app.add_subcommand("export", "Write a checkpoint for Hugging Face's transformers");
  const auto arguments = std::make_shared<Arguments>();
  arguments->command_line = typed;
  sub->add_option_function<std::string>("--to", require_hugging_face, "For which library")
      ->type_name(hugging_face)
      ->required();
  sub->add_option("CHECKPOINT", arguments->checkpoint,
                  "Checkpoint (HDF5), or run directory for its newest")
      ->type_name("")
      ->required();
  sub->add_option("DIR", arguments->folder,
                  "Folder to write (default: CHECKPOINT_huggingface, without .h5)")
      ->type_name("");
  add_force(*sub, arguments->force);
  add_verbosity(*sub);
  sub->footer(
      fmt::format("Histories of runs, for spreadsheets, TensorBoard, Weights & Biases and MLflow:\n"
                  "  bash jobs/figures/draw.sh export --to {} RUN... --output DIR\n\n{}",
                  fmt::join(histories, "|"), exit_codes));
  set_run(*sub, command, arguments, run);
}

}  // namespace superpose::jobs
