#pragma once
#include <array>

namespace superpose::model {

/// What the operands of matrix products and the activations between them are held in. Sums,
/// softmax, LayerNorm, the residual stream, thoughts, weights and gradients are float in all. tf32
/// is f32 whose products a GPU rounds (kernels::FloatProducts); on a CPU it is f32.
enum class Precision { f32, bf16, tf32 };
constexpr std::array<const char*, 3> names_of(Precision) {
  return {"f32", "bf16", "tf32"};
}

/// How the table of positions begins; it is learned from there in either case.
enum class PositionInit { normal, sinusoidal };
constexpr std::array<const char*, 2> names_of(PositionInit) {
  return {"normal", "sinusoidal"};
}

/// GPT-2 as in Hugging Face transformers; defaults are the papers' (arXiv 2505.12514, 2509.23365).
struct Gpt2Options {
  int n_layer = 2;
  int n_head = 8;
  int n_embd = 768;
  int n_positions = 1024;
  int vocab_size = 40;
  bool tied = true;  ///< output matrix is the embedding matrix
  double embd_pdrop = 0.1;
  double attn_pdrop = 0.1;
  double resid_pdrop = 0.1;
  double layer_norm_epsilon = 1e-5;
  double initializer_range = 0.02;
  PositionInit position_init = PositionInit::normal;
  Precision precision = Precision::f32;
};

}  // namespace superpose::model
