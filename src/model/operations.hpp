#pragma once
#include "model/options.hpp"
#include "model/packing.hpp"

namespace superpose::model {

/// Floating-point operations that a batch needs, 2 a multiply-add: matrix products and attention.
/// What grows with C alone (norms, GELU, dropout, embedding) is left out, and so is whatever a
/// kernel computes twice to save memory: the count is of the model, not of its implementation.
///
///   forward = 2 sum over layers [ R 2C^2 (keys, values) + Q 10 C^2 (queries C^2, projection C^2,
///                                 MLP 8 C^2) + 2 C sum over queries (position + 1) (q k, weights
///                                 v)
///                               ] + 2 O V C (logits)
/// with Q = R queries, in the last layer Q = O. Every product has two in backward, one for either
/// operand: a training step needs 3 forward.
double forward_operations(const Gpt2Options& options, const PackedBatch& batch);

inline double training_operations(const Gpt2Options& options, const PackedBatch& batch) {
  return 3 * forward_operations(options, batch);
}

}  // namespace superpose::model
