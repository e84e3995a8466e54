#include "exchange/imported_weights.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/files.hpp"
#include "data/vocabulary.hpp"
#include "exchange/tokenizer.hpp"
#include "io/foreign_file.hpp"

namespace superpose::exchange {
namespace {

namespace fs = std::filesystem;

constexpr const char* converter = "python3 jobs/python/state_dict_to_safetensors.py";

bool is_there(const fs::path& path) {
  std::error_code unknown;
  return fs::exists(path, unknown);
}

bool is_folder(const std::string& path) {
  std::error_code unknown;
  return fs::is_directory(path, unknown);
}

/// The safetensors file that a path stands for.
std::string weights_file(const std::string& path) {
  if (!is_folder(path)) return path;
  const fs::path folder = path;
  const auto file = folder / "model.safetensors";
  if (is_there(file)) return file.string();
  validate(!is_there(folder / "model.safetensors.index.json"), ExitCode::checkpoint,
           "{} holds a model in several files; save it in one (save_pretrained(..., "
           "max_shard_size=\"100GB\"))",
           path);
  const auto pickle = folder / "pytorch_model.bin";
  validate(!is_there(pickle), ExitCode::checkpoint,
           "{} is no safetensors file; convert it by {} {} {}", pickle.string(), converter,
           pickle.string(), file.string());
  fail(ExitCode::checkpoint, "{} holds no model.safetensors; name a safetensors file", path);
}

bool begins_with(const std::string& contents, std::string_view begin) {
  return contents.compare(0, begin.size(), begin) == 0;
}

/// Error (checkpoint) for what else a file of weights may be.
void refuse_other_kinds(const std::string& contents, const std::string& path) {
  const bool pytorch = begins_with(contents, "PK\x03\x04") || begins_with(contents, "\x80\x02");
  validate(!pytorch, ExitCode::checkpoint,
           "{} is a PyTorch file (to read one can run what is in it); convert it by {} {} "
           "OUT.safetensors and import that",
           path, converter, path);
  validate(!begins_with(contents, "\x89HDF"), ExitCode::checkpoint,
           "{} is HDF5 (a checkpoint of superpose needs no import); use it as it is", path);
}

io::Safetensors read_weights(const std::string& path) {
  auto contents = read_whole_file(path, ExitCode::checkpoint);
  refuse_other_kinds(contents, path);
  return {std::move(contents), path};
}

}  // namespace

ImportedWeights::ImportedWeights(const std::string& path, const std::string& vocabulary)
    : inputs_{weights_file(path)}, file_(read_weights(inputs_[0])), state_dict_(file_) {
  const fs::path folder = path;
  if (is_folder(path) && is_there(folder / "config.json"))
    read_config((folder / "config.json").string());
  const auto shape = state_dict_.shape();
  config_.settings.insert({{"model.n_layer", std::to_string(shape.n_layer)},
                           {"model.n_embd", std::to_string(shape.n_embd)},
                           {"model.n_positions", std::to_string(shape.n_positions)},
                           {"model.vocab_size", std::to_string(shape.vocab_size)},
                           {"model.tied", shape.tied ? "true" : "false"}});
  const bool beside = is_folder(path) && is_there(folder / "tokenizer.json");
  check_vocabulary(vocabulary.empty() && beside ? (folder / "tokenizer.json").string()
                                                : vocabulary);
}

void ImportedWeights::read_config(const std::string& path) {
  config_ = read_model_config(read_whole_file(path, ExitCode::checkpoint), path);
  inputs_.push_back(path);
}

void ImportedWeights::check_vocabulary(const std::string& path) {
  const int size = state_dict_.shape().vocab_size;
  validate(size >= data::kPublishedVocabSize, ExitCode::checkpoint,
           "{} has {} tokens (superpose's smallest vocabulary has {})", source(), size,
           data::kPublishedVocabSize);
  if (path.empty()) {
    validate(size == data::kPublishedVocabSize, ExitCode::usage,
             "{} has {} tokens (the published vocabulary has {}); name its vocabulary by "
             "--vocabulary tokenizer.json",
             source(), size, data::kPublishedVocabSize);
    return;
  }
  require_vocabulary(read_whole_file(path, ExitCode::checkpoint), path, size);
  inputs_.push_back(path);
}

}  // namespace superpose::exchange
