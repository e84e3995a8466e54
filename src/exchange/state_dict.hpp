#pragma once
/// The weights of a GPT-2 in a safetensors file, whatever program named them.

#include <map>
#include <string>
#include <vector>

#include "io/safetensors.hpp"
#include "model/options.hpp"

namespace superpose::exchange {

/// Finds GPT-2's parameters by Hugging Face's names, with and without `transformer.`, as the
/// published Coconut module holds them (`base_causallm.`, and once more as `embedding.weight`), and
/// after what PyTorch's wrappers put before them (`module.`, `_orig_mod.`,
/// `_fsdp_wrapped_module.`). Buffers that older versions of transformers saved are left out.
class StateDict {
 public:
  /// Error (checkpoint) if two tensors claim one name. `file` must outlive it.
  explicit StateDict(const io::Safetensors& file);

  /// n_layer, n_embd, n_positions, vocab_size and `tied` as the tensors tell; all else, n_head too,
  /// as it is by default. Tied: there is no output matrix, or it holds the bytes of the embedding
  /// matrix. Error (checkpoint) if the embedding matrices are not there.
  model::Gpt2Options shape() const;

  /// The parameters of such a model, laid out as model::Parameters::flat. Error (checkpoint) if one
  /// of them is missing, has another shape or type or is not finite, if the file has any more, or
  /// if the model is tied and the output matrix is not the embedding matrix.
  std::vector<float> parameters(const model::Gpt2Options& options) const;

 private:
  const io::SafetensorsEntry& need(const std::string& name) const;
  bool same(const char* a, const char* b) const;
  void require_same_embedding(const char* name) const;

  const io::Safetensors& file_;
  std::map<std::string, const io::SafetensorsEntry*> entries_;  ///< by the parameter's name
};

}  // namespace superpose::exchange
