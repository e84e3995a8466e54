#pragma once
/// The gradient of one global batch, the same bits on any number of ranks.

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "core/timer.hpp"
#include "data/options.hpp"
#include "data/problem.hpp"
#include "data/vocabulary.hpp"
#include "distributed/communicator.hpp"
#include "distributed/gradient_reduction.hpp"
#include "model/network.hpp"
#include "train/fault_injection.hpp"
#include "train/options.hpp"
#include "train/pass_losses.hpp"
#include "train/preparation.hpp"

namespace superpose::train {

/// What a batch adds up to over all leaves, beside its gradient.
struct BatchSums {
  double loss = 0;          ///< sum of losses [nats]
  std::int64_t labels = 0;  ///< number of losses
  std::int64_t tokens = 0;  ///< rows computed
  double operations = 0;    ///< model::training_operations
  std::int64_t stop = 0;    ///< ranks asked to stop, counted once a leaf

  BatchSums& operator+=(const BatchSums& other) {
    loss += other.loss;
    labels += other.labels;
    tokens += other.tokens;
    operations += other.operations;
    stop += other.stop;
    return *this;
  }
};

/// When the leaves' gradients travel between ranks: the bits are the same.
enum class Exchange {
  during_backward,  ///< of the last leaf, as they become final
  after_backward    ///< at once; to measure what the other hides
};

/// Leaves of a batch are consecutive parts of it; each is expanded, packed and computed alone, in
/// `accumulation` passes, so its gradient depends neither on the rank nor on its neighbours.
/// Kernels of a batch are launched one after the other and waited for at its end, or where ranks
/// exchange gradients.
class BatchGradient {
 public:
  BatchGradient(const RunOptions& options, const std::vector<data::Problem>& problems,
                const distributed::Communicator& communicator, model::Network<float>& model,
                Preparation preparation = default_preparation);

  void set_exchange(Exchange exchange) { exchange_ = exchange; }

  /// Who may ask for a loss or gradient of this rank that is NaN; outlives this object.
  void set_faults(FaultInjection& faults) { faults_ = &faults; }

  /// What will be asked for after the next compute(): may be prepared while that goes on. Only
  /// time depends on it.
  void announce(std::vector<std::uint32_t> batch, BatchKey key) {
    announced_ = {std::move(batch), key};
  }

  /// Gradient of the sum of losses over the whole batch, on every rank; valid until the next call.
  /// Collective. `batch` is the same on every rank; `stop_requested` is this rank's own.
  Vector<const float> compute(const std::vector<std::uint32_t>& batch, BatchKey key,
                              bool stop_requested, TimeTable& times);

  const BatchSums& sums() const { return sums_; }
  const distributed::GradientReduction<float>& reduction() const { return reduction_; }

 private:
  std::vector<Part> parts_of(const Part& batch) const;
  void plan(const Part& batch);
  model::HostPacking prepare(const Part& part) const;
  model::PackedBatch next_part();
  BatchSums compute_leaf(std::size_t leaf, std::size_t n_problems, BatchKey key,
                         model::Parameters<float>& gradients,
                         const model::GradientListener& listener, TimeTable& times);
  bool poisons(FaultInjection::Poison value, const TimeTable& times) const {
    return faults_ != nullptr && faults_->poisons(value, times.activity().step());
  }
  void add_losses(std::vector<BatchSums>& leaf_sums, TimeTable& times);

  RunOptions options_;
  const std::vector<data::Problem>& problems_;
  data::Vocabulary vocabulary_;
  distributed::Communicator communicator_;
  model::Network<float>& model_;
  Exec exec_;  // the model's
  distributed::GradientReduction<float> reduction_;
  model::IndexMemory indices_;  // of the parts of a batch
  PassLosses losses_;
  Exchange exchange_ = Exchange::during_backward;
  FaultInjection* faults_ = nullptr;
  BatchSums sums_;
  Part announced_;
  std::deque<Part> parts_;  // of this rank: those to come of the batch, the first announced one
  PartPreparation preparation_;  // last: its thread reads the others
};

/// The i-th of n consecutive parts of `items`, sizes differing by one at most.
std::vector<std::uint32_t> part_of(const std::vector<std::uint32_t>& items, int i, int n);

}  // namespace superpose::train
