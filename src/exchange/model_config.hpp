#pragma once
/// config.json of a GPT-2, as transformers reads and writes it.

#include <cstdint>
#include <map>
#include <string>

#include "io/json_file.hpp"
#include "model/options.hpp"

namespace superpose::exchange {

/// The model's settings; begin and end of a text is the vocabulary's `<eos>`.
io::Json model_config(const model::Gpt2Options& options);

/// What a config.json tells.
struct ForeignConfig {
  /// Settings of the model by their keys, "model.n_head" -> "8"; `model.tied` always.
  std::map<std::string, std::string> settings;
  /// Of a model that superpose exported: its configuration, the version of its sequences, and the
  /// hashes of its problems; "", 0 and none otherwise.
  std::string configuration;
  std::int64_t sequence_version = 0;
  std::map<std::string, std::string> data_hashes;
};

/// Error (checkpoint) if the text is no config.json, or of a model that superpose does not compute:
/// another one than GPT-2, another activation, scale of the attention or width inside the MLP.
ForeignConfig read_model_config(const std::string& text, const std::string& source);

}  // namespace superpose::exchange
