#pragma once
/// The parameters of a GPT-2 in one flat buffer, with views under Hugging Face's names and
/// orientation. Gradients and optimiser moments use the same class.

#include <string>
#include <vector>

#include "core/matrix_place.hpp"
#include "core/tensor.hpp"
#include "core/types.hpp"
#include "model/options.hpp"

namespace superpose::model {

/// How a parameter begins: everywhere `value`, drawn from normal(0, value), or sines whose root
/// mean square is `value`.
struct Initial {
  enum class Kind { constant, normal, sinusoidal } kind = Kind::constant;
  double value = 0;
};

/// Name, dimensions and place of one parameter in the flat buffer.
struct ParameterInfo {
  std::string name;               ///< e.g. "h.0.attn.c_attn.weight"
  std::vector<std::string> dims;  ///< e.g. {"n_embd", "n_qkv"}
  std::vector<std::size_t> shape;
  Initial initial;
  std::size_t offset = 0;  ///< elements; a multiple of 16, so that rows start on a cache line
  std::size_t size() const { return shape[0] * (shape.size() > 1 ? shape[1] : 1); }
};

/// All parameters in Hugging Face's order; lm_head.weight last and only when untied.
std::vector<ParameterInfo> parameter_list(const Gpt2Options& options);

/// The matrices of the transformer blocks, c_attn's queries, keys and values apart.
std::vector<MatrixPlace> block_matrices(const Gpt2Options& options);

/// Elements of the flat buffer, the padding between parameters (always zero) included.
std::size_t flat_size(const std::vector<ParameterInfo>& list);

/// Parameters of one transformer block.
template <class T>
struct BlockParameters {
  Vector<T> ln_1_weight, ln_1_bias;  ///< [C]
  Matrix<T> c_attn_weight;           ///< [C,3C] q, k, v side by side
  Vector<T> c_attn_bias;             ///< [3C]
  Matrix<T> attn_proj_weight;        ///< [C,C]
  Vector<T> attn_proj_bias;          ///< [C]
  Vector<T> ln_2_weight, ln_2_bias;  ///< [C]
  Matrix<T> c_fc_weight;             ///< [C,4C]
  Vector<T> c_fc_bias;               ///< [4C]
  Matrix<T> mlp_proj_weight;         ///< [4C,C]
  Vector<T> mlp_proj_bias;           ///< [C]
};

template <class T>
struct Parameters {
  /// Allocates zeros on the device.
  Parameters(const Gpt2Options& options, const std::string& label);
  /// Views of a buffer owned by someone else, flat_size() elements.
  Parameters(const Gpt2Options& options, Vector<T> buffer);

  std::vector<ParameterInfo> list;
  Vector<T> flat;
  Matrix<T> wte;  ///< [V,C]
  Matrix<T> wpe;  ///< [n_positions,C]
  std::vector<BlockParameters<T>> h;
  Vector<T> ln_f_weight, ln_f_bias;  ///< [C]
  Matrix<T> lm_head;                 ///< [V,C]; wte itself when tied
};

/// Hugging Face's initialisation: normal(0, initializer_range), residual projections divided by
/// sqrt(2 n_layer), biases 0, LayerNorm 1 and 0. With PositionInit::sinusoidal the table of
/// positions begins as sines and cosines whose root mean square is initializer_range, in the manner
/// of Vaswani et al. 2017 (arXiv 1706.03762, section 3.5) but with wavelengths of 2.5 to 400
/// positions: of theirs, 6 to 60,000, most are constant over a graph's 200 tokens, and edges are 3
/// tokens long. A parameter's numbers depend on (seed, its place in the list) only.
template <class T>
void initialise(Parameters<T>& parameters, std::uint64_t seed);

/// Host tensors over `flat` (a host buffer laid out like Parameters::flat), `prefix` before each
/// name.
template <class T>
std::vector<NamedTensor> named_tensors(const std::vector<ParameterInfo>& list, T* flat,
                                       const std::string& prefix);

}  // namespace superpose::model
