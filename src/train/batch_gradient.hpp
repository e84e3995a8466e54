#pragma once
/// The gradient of one global batch, the same bits on any number of ranks.

#include <cstdint>
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

namespace superpose::train {

/// What a batch adds up to over all leaves, beside its gradient.
struct BatchSums {
  double loss = 0;          ///< sum of losses [nats]
  std::int64_t labels = 0;  ///< number of losses
  std::int64_t tokens = 0;  ///< rows computed
  std::int64_t stop = 0;    ///< ranks asked to stop, counted once a leaf

  BatchSums& operator+=(const BatchSums& other) {
    loss += other.loss;
    labels += other.labels;
    tokens += other.tokens;
    stop += other.stop;
    return *this;
  }
};

/// What a batch is computed for.
struct BatchKey {
  int stage = 0;
  std::uint64_t epoch = 0;
};

/// When the leaves' gradients travel between ranks: the bits are the same.
enum class Exchange {
  during_backward,  ///< of the last leaf, as they become final
  after_backward    ///< at once; to measure what the other hides
};

/// Leaves of a batch are consecutive parts of it; each is expanded, packed and computed alone, in
/// `accumulation` passes, so its gradient depends neither on the rank nor on its neighbours.
class BatchGradient {
 public:
  BatchGradient(const RunOptions& options, const std::vector<data::Problem>& problems,
                const distributed::Communicator& communicator, model::Network<float>& model);

  void set_exchange(Exchange exchange) { exchange_ = exchange; }

  /// Who may ask for a loss or gradient of this rank that is NaN; outlives this object.
  void set_faults(FaultInjection& faults) { faults_ = &faults; }

  /// Gradient of the sum of losses over the whole batch, on every rank; valid until the next call.
  /// Collective. `batch` is the same on every rank; `stop_requested` is this rank's own.
  Vector<const float> compute(const std::vector<std::uint32_t>& batch, BatchKey key,
                              bool stop_requested, TimeTable& times);

  const BatchSums& sums() const { return sums_; }
  const distributed::GradientReduction<float>& reduction() const { return reduction_; }

 private:
  BatchSums compute_leaf(const std::vector<std::uint32_t>& leaf, BatchKey key,
                         model::Parameters<float>& gradients,
                         const model::GradientListener& listener, TimeTable& times);
  bool poisons(FaultInjection::Poison value, const TimeTable& times) const {
    return faults_ != nullptr && faults_->poisons(value, times.activity().step());
  }
  model::PackedBatch prepare(const std::vector<std::uint32_t>& part, BatchKey key);

  RunOptions options_;
  const std::vector<data::Problem>& problems_;
  data::Vocabulary vocabulary_;
  distributed::Communicator communicator_;
  model::Network<float>& model_;
  model::IndexMemory indices_;  ///< of the batch being computed
  distributed::GradientReduction<float> reduction_;
  Exchange exchange_ = Exchange::during_backward;
  FaultInjection* faults_ = nullptr;
  BatchSums sums_;
};

/// The i-th of n consecutive parts of `items`, sizes differing by one at most.
std::vector<std::uint32_t> part_of(const std::vector<std::uint32_t>& items, int i, int n);

}  // namespace superpose::train
