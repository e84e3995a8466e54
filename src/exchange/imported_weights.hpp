#pragma once
#include <map>
#include <string>
#include <vector>

#include "exchange/model_config.hpp"
#include "exchange/state_dict.hpp"
#include "io/safetensors.hpp"

namespace superpose::exchange {

/// Weights on their way in, and what the files beside them say.
class ImportedWeights {
 public:
  /// `path` is a safetensors file, or a folder as transformers saves it: model.safetensors,
  /// config.json and tokenizer.json, of which the last two may be missing. `vocabulary` names a
  /// tokenizer.json or vocab.json; "": that of the folder, or the published one. Error
  /// (checkpoint) if a file is unusable, the model is no GPT-2 or its vocabulary another one; Error
  /// (usage) if the vocabulary has to be named.
  ImportedWeights(const std::string& path, const std::string& vocabulary);
  ImportedWeights(const ImportedWeights&) = delete;  // state_dict_ refers to file_
  ImportedWeights& operator=(const ImportedWeights&) = delete;

  const std::string& source() const { return file_.source(); }        ///< the safetensors file
  const std::vector<std::string>& inputs() const { return inputs_; }  ///< all files that were read
  std::string hash() const { return file_.hash(); }

  /// Settings of the model by their keys, as texts; without `model.n_head` if no file tells it.
  const std::map<std::string, std::string>& settings() const { return config_.settings; }
  const ForeignConfig& config() const { return config_; }

  /// StateDict::parameters.
  std::vector<float> parameters(const model::Gpt2Options& options) const {
    return state_dict_.parameters(options);
  }

 private:
  void read_config(const std::string& path);
  void check_vocabulary(const std::string& path);

  std::vector<std::string> inputs_;
  io::Safetensors file_;
  StateDict state_dict_;
  ForeignConfig config_;
};

}  // namespace superpose::exchange
