#pragma once
/// A folder that Hugging Face's transformers loads: config.json, model.safetensors, the tokenizer's
/// files, a script that makes thoughts, and a model card.

#include <string>
#include <vector>

#include "exchange/exported_model.hpp"
#include "io/output_file.hpp"

namespace superpose::exchange {

class HuggingFaceFolder {
 public:
  /// Before the work. `output` names the folder; the rule for outputs (io/output_file.hpp) holds
  /// for each file in it, and config.json says who wrote them all. Error (usage), (io).
  explicit HuggingFaceFolder(io::Output output);

  /// Error (io) if it cannot be written: then what was there is still there.
  void write(const ExportedModel& model) const;

 private:
  io::Output output_;
  std::vector<std::string> paths_;  ///< prepared, in the order of the files' names
};

}  // namespace superpose::exchange
