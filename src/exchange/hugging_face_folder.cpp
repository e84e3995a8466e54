#include "exchange/hugging_face_folder.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/plain_text.hpp"
#include "exchange/generation_script.hpp"
#include "exchange/model_card.hpp"
#include "exchange/model_config.hpp"
#include "exchange/tokenizer.hpp"
#include "io/safetensors.hpp"
#include "model/parameters.hpp"
#include "train/same_run.hpp"

namespace superpose::exchange {
namespace {

namespace fs = std::filesystem;

constexpr const char* config_name = "config.json";
constexpr std::array<const char*, 6> file_names = {"model.safetensors", config_name,
                                                   "tokenizer.json",    "tokenizer_config.json",
                                                   "think.py",          "README.md"};

/// Where the model comes from, for whoever reads config.json: `superpose import` among them.
io::Json provenance(const ExportedModel& model, const std::string& command_line) {
  const auto& metadata = model.header.metadata;
  return {{"command_line", valid_utf8(command_line)},
          {"superpose_version", metadata.superpose_version},
          {"git_hash", metadata.git_hash},
          {"checkpoint", valid_utf8(model.checkpoint)},
          {"step", model.header.step},
          {"sequence_version", train::sequence_version_of(metadata)},
          {"data_hashes", metadata.data_hashes},
          {"configuration", metadata.configuration}};
}

std::string config_json(const ExportedModel& model, const std::string& command_line) {
  auto json = model_config(model.options.model);
  json["superpose"] = provenance(model, command_line);
  return io::to_text(json) + "\n";
}

/// transformers.GPT2LMHeadModel's names: all but the output matrix belong to its `transformer`.
std::string safetensors_of(const ExportedModel& model) {
  std::vector<ConstNamedTensor> tensors;
  for (const auto& info : model::parameter_list(model.options.model)) {
    const bool head = info.name == "lm_head.weight";
    tensors.push_back({head ? info.name : "transformer." + info.name, info.dims, info.shape,
                       DType::f32, model.parameters.data() + info.offset});
  }
  return io::to_safetensors(tensors, {{"format", "pt"}});
}

}  // namespace

HuggingFaceFolder::HuggingFaceFolder(io::Output output) : output_(std::move(output)) {
  const fs::path folder = output_.path;
  const auto written_by = io::written_by(output_.command_line);
  const auto recognise = [&](const std::string&) {
    return written_by((folder / config_name).string());
  };
  for (const auto* name : file_names) {
    auto file = output_;
    file.path = (folder / name).string();
    paths_.push_back(io::prepare_output(file, recognise));
  }
}

void HuggingFaceFolder::write(const ExportedModel& model) const {
  const auto& method = model.options.method.name;
  const data::Vocabulary vocabulary(model.options.model.vocab_size);
  const std::array<std::string, file_names.size()> contents = {
      safetensors_of(model),
      config_json(model, output_.command_line),
      tokenizer_json(vocabulary),
      tokenizer_config_json(vocabulary, model.options.model.n_positions),
      generation_script(method),
      model_card(model, output_.command_line)};
  std::vector<io::PreparedFile> files;
  for (std::size_t i = 0; i < file_names.size(); ++i) files.push_back({paths_[i], contents[i]});
  io::write_outputs(files);
}

}  // namespace superpose::exchange
