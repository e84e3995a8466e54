#pragma once
/// A model as training, evaluation and checkpoints see it: parameters, and what can be computed
/// from them over packed batches, whatever type the operands of its matrix products have.

#include <cstddef>
#include <functional>
#include <memory>

#include "model/options.hpp"
#include "model/packing.hpp"
#include "model/parameters.hpp"

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

/// The n losses at `losses`, a host pointer, added in order.
template <class T>
double sum_of_losses(const T* losses, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += static_cast<double>(losses[i]);
  return sum;
}

/// Told by backward() as it goes that all it does to the gradients of parameters [first, end) of
/// the flat buffer has been launched; whoever reads them elsewhere waits for it. `first` falls from
/// call to call, or stays where a call only gives the listener (communication, say) its turn.
using GradientListener = std::function<void(std::size_t first)>;

/// May change the final hidden states of a segment's outputs, rows `outputs` of hidden [O,C],
/// before a later segment embeds them and before logits are made of them: an intervention on
/// thoughts.
template <class T>
using ThoughtEdit = std::function<void(Range outputs, const Matrix<T>& hidden)>;

/// T is what parameters, gradients and results are held in.
template <class T>
class Network {
 public:
  virtual ~Network() = default;

  virtual const Gpt2Options& options() const = 0;
  virtual const Parameters<T>& parameters() const = 0;
  /// To change them. The next forward() takes the changes up; ask anew for every later change.
  virtual Parameters<T>& parameters() = 0;

  /// Computes hidden states and logits of all outputs, segment by segment; `edit` may be empty.
  virtual void forward(const PackedBatch& batch, const Pass& pass, const ThoughtEdit<T>& edit) = 0;
  void forward(const PackedBatch& batch, const Pass& pass) { forward(batch, pass, nullptr); }

  /// After forward() of the same batch without dropout: calls `edit` for the first segment, the
  /// prompts, and computes all others anew. Much cheaper than forward(), and the same bits.
  virtual void forward_thoughts(const PackedBatch& batch, const ThoughtEdit<T>& edit) = 0;

  /// Launches the losses of the batch's labelled targets after forward(); prepares backward().
  virtual void compute_losses(const PackedBatch& batch) = 0;
  /// [n_labelled] after compute_losses(), until the next forward() [nats].
  virtual Vector<const T> losses() const = 0;
  /// Both, waited for.
  LossSum loss(const PackedBatch& batch) {
    compute_losses(batch);
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), losses());
    return {sum_of_losses(host.data(), batch.n_labelled), batch.n_labelled};
  }

  /// Adds d(sum of losses)/d(parameters) to `gradients` after compute_losses().
  virtual void backward(const PackedBatch& batch, const Pass& pass, Parameters<T>& gradients,
                        const GradientListener& listener) = 0;
  void backward(const PackedBatch& batch, const Pass& pass, Parameters<T>& gradients) {
    backward(batch, pass, gradients, [](std::size_t) {});
  }

  /// [O,V] after forward().
  virtual Matrix<const T> logits() const = 0;
  /// [O,C] final hidden states after ln_f: the thoughts, and what logits are made of.
  virtual Matrix<const T> hidden() const = 0;

  /// Attention logits q.k/sqrt(D) and weights (no dropout) of a layer after forward() of `batch`:
  /// both [Q, NH*T], T = longest(batch), Q the rows, in the last layer the outputs. For
  /// keys after the query's own position NaN and 0.
  virtual void attention_map(const PackedBatch& batch, int layer, const Matrix<T>& logits,
                             const Matrix<T>& weights) const = 0;

  virtual std::size_t workspace_bytes() const = 0;
};

/// The model that options.precision asks for, with parameters of zero.
std::unique_ptr<Network<float>> make_network(const Gpt2Options& options);

}  // namespace superpose::model
