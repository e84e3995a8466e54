#pragma once
/// Reads the reference values of tests/reference (layout and formula of the weights: README there).

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/sequence.hpp"
#include "model/options.hpp"

namespace superpose::test {

/// Gradient of one parameter. The whole of it (row-major, `indices` empty) or entries at `indices`.
struct GradientReference {
  std::vector<std::int64_t> indices;
  std::vector<double> values;
  double norm = 0;  ///< of the whole gradient
  double sum = 0;   ///< of the whole gradient
};

/// A batch and what PyTorch computes for it in double precision.
struct ReferenceCase {
  std::string name;
  std::vector<Sequence> sequences;
  std::vector<double> logits;    ///< [targets, V]
  std::vector<double> thoughts;  ///< [thoughts, C], sequence by sequence; empty without thoughts
  double loss = 0;
  std::map<std::string, GradientReference> gradients;  ///< by parameter
  /// Of methods that write their answer: what is said after each prompt, and the logits [V] of each
  /// choice, that of <eos> included.
  std::vector<std::vector<std::int32_t>> decoded;
  std::vector<std::vector<std::vector<double>>> decoded_logits;
};

struct WeightScales {
  double matrix = 0;
  double layer_norm = 0;
  double bias = 0;
};

/// The model whose values a file holds.
struct ModelDescription {
  model::Gpt2Options options;  ///< dropout 0
  WeightScales scales;
};

struct Reference : ModelDescription {
  std::vector<ReferenceCase> cases;
};

/// Attention of one sequence of T positions in every layer and head, at all positions, thoughts fed
/// back. Causal: query q has the keys 0..q, so a head has T (T + 1) / 2 values.
struct SequenceAttention {
  int n_head = 0;
  int n_positions = 0;          ///< T
  std::vector<double> logits;   ///< q.k / sqrt(head size) [L, NH, T (T + 1) / 2]
  std::vector<double> weights;  ///< their softmax over the keys, in the same layout

  /// Index into both for key <= query; everything counted from 0.
  std::size_t index(int layer, int head, int query, int key) const;
};

/// A batch and its attention from PyTorch in double precision.
struct AttentionCase {
  std::string name;
  std::vector<Sequence> sequences;
  std::vector<SequenceAttention> attention;  ///< by sequence
  std::vector<double> thoughts;  ///< [thoughts, C], sequence by sequence; empty without thoughts
};

struct AttentionReference : ModelDescription {
  std::vector<AttentionCase> cases;
};

/// Reads a whole file. Throws Error (io) if anything in it is missing.
Reference read_reference(const std::string& path);
AttentionReference read_attention_reference(const std::string& path);

/// Value `element` (row-major) of parameter number `parameter`, a float32 number.
double reference_weight(const WeightScales& scales, const std::string& name,
                        std::uint64_t parameter, std::uint64_t element);

}  // namespace superpose::test
