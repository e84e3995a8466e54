#pragma once
/// The chain of continuous thoughts (Coconut, Hao et al. 2024): a GPT-2 whose latent tokens are
/// embedded by the final hidden state at the previous position, with the full gradient through it.

#include <vector>

#include "model/block.hpp"
#include "model/options.hpp"
#include "model/packing.hpp"
#include "model/parameters.hpp"
#include "model/workspace.hpp"

namespace superpose::model {

/// Whether dropout acts, and the key of its draws.
struct Pass {
  bool train = false;
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
};

/// Sum and number of a batch's losses.
struct LossSum {
  double sum = 0;
  int count = 0;
};

/// Parameters and the memory to run them forward and backward over packed batches.
/// T is float in training and double where gradients are checked by finite differences.
template <class T>
class Coconut {
 public:
  Coconut(const Gpt2Options& options, const Exec& exec = Exec());

  Parameters<T>& parameters() { return parameters_; }
  const Parameters<T>& parameters() const { return parameters_; }
  const Gpt2Options& options() const { return options_; }
  std::size_t workspace_bytes() const { return workspace_.bytes(); }

  /// Computes hidden states and logits of all outputs, segment by segment.
  void forward(const PackedBatch& batch, const Pass& pass);

  /// Losses of the batch's labelled targets after forward(); prepares backward().
  LossSum loss(const PackedBatch& batch);

  /// Adds d(sum of losses)/d(parameters) to `gradients` after loss().
  void backward(const PackedBatch& batch, const Pass& pass, Parameters<T>& gradients);

  /// [O,V] after forward().
  Matrix<const T> logits() const { return logits_; }
  /// [O,C] final hidden states after ln_f: the thoughts, and what logits are made of.
  Matrix<const T> hidden() const { return hidden_; }

 private:
  void lay_out(const PackedBatch& batch);
  BlockContext<T> context(const PackedBatch& batch, const Pass& pass) const;
  void forward_segment(const BlockContext<T>& context, const Segment& segment);
  void backward_segment(const BlockContext<T>& context, const Segment& segment,
                        Parameters<T>& gradients);
  bool is_last(int layer) const { return layer == options_.n_layer - 1; }

  Gpt2Options options_;
  Exec exec_;
  Parameters<T> parameters_;
  Workspace<T> workspace_;
  std::vector<BlockActivations<T>> a_;
  std::vector<BlockRowGradients<T>> d_;
  Matrix<T> x_;                             ///< [R,C] embeddings
  Vector<T> mean_f_, rstd_f_;               ///< [O]
  Matrix<T> hidden_, d_hidden_;             ///< [O,C]
  Matrix<T> logits_, d_logits_;             ///< [O,V]
  Vector<T> losses_;                        ///< [n_labelled]
  Matrix<T> d_rows_, d_outputs_;            ///< [R,C], [O,C] gradient of the residual stream
  Matrix<T> scratch_rows_, scratch_query_;  ///< [R,C]
};

}  // namespace superpose::model
