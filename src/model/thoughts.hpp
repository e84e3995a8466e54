#pragma once
/// The chain of continuous thoughts (Coconut, Hao et al. 2024): a GPT-2 whose latent tokens are
/// embedded by the final hidden state at the previous position, with the full gradient through it.

#include <vector>

#include "model/block.hpp"
#include "model/network.hpp"
#include "model/options.hpp"
#include "model/packing.hpp"
#include "model/parameters.hpp"
#include "model/workspace.hpp"

namespace superpose::model {

/// Parameters and the memory to run them forward and backward over packed batches. X is what the
/// operands of matrix products are held in: float or bfloat16 in training (options.precision is
/// make_network's business), double where gradients are checked by finite differences.
template <class X>
class Coconut : public Network<Real<X>> {
 public:
  using T = Real<X>;

  Coconut(const Gpt2Options& options, const Exec& exec = Exec());

  const Gpt2Options& options() const override { return options_; }
  const Parameters<T>& parameters() const override { return parameters_; }
  Parameters<T>& parameters() override {
    weights_are_current_ = false;
    return parameters_;
  }

  using Network<T>::forward;
  void forward(const PackedBatch& batch, const Pass& pass, const ThoughtEdit<T>& edit) override;
  void forward_thoughts(const PackedBatch& batch, const ThoughtEdit<T>& edit) override;
  void compute_losses(const PackedBatch& batch) override;
  Vector<const T> losses() const override { return losses_; }
  using Network<T>::backward;
  void backward(const PackedBatch& batch, const Pass& pass, Parameters<T>& gradients,
                const GradientListener& listener) override;

  Matrix<const T> logits() const override { return logits_; }
  Matrix<const T> hidden() const override { return hidden_; }
  void attention_map(const PackedBatch& batch, int layer, const Matrix<T>& logits,
                     const Matrix<T>& weights) const override;
  std::size_t workspace_bytes() const override { return workspace_.bytes(); }

 private:
  void update_weights();
  void lay_out(const PackedBatch& batch);
  BlockContext context(const PackedBatch& batch, const Pass& pass) const;
  void forward_segments(const PackedBatch& batch, const Pass& pass, const ThoughtEdit<T>& edit,
                        std::size_t first);
  void forward_segment(const BlockContext& context, const Segment& segment);
  void backward_segment(const BlockContext& context, const Segment& segment,
                        Parameters<T>& gradients, const GradientsFinal<T>& final_from);
  kernels::RowDropout embedding_dropout(const BlockContext& context, Range rows) const;

  Gpt2Options options_;
  Exec exec_;
  Parameters<T> parameters_;
  std::vector<Block<X>> blocks_;
  bool weights_are_current_ = false;  ///< what blocks hold of parameters_
  Workspace workspace_;
  Matrix<T> x_;                   ///< [R,C] embeddings
  kernels::LayerNorm<T> norm_f_;  ///< of the last block's output
  Matrix<T> hidden_, dhidden_;    ///< [O,C]
  Matrix<T> logits_, dlogits_;    ///< [O,V]
  Vector<T> losses_;              ///< [n_labelled]
  BackwardMemory<X> memory_;
};

}  // namespace superpose::model
