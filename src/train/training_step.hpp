#pragma once
/// One step of training: what train::Trainer makes and `superpose bench` times.

#include <memory>
#include <vector>

#include "core/timer.hpp"
#include "data/problem.hpp"
#include "distributed/block_exchange.hpp"
#include "distributed/communicator.hpp"
#include "model/network.hpp"
#include "optim/optimizer.hpp"
#include "train/batch_gradient.hpp"
#include "train/fault_injection.hpp"
#include "train/options.hpp"

namespace superpose::train {

/// What a step computed, the same on every rank.
struct StepOutcome {
  BatchSums sums;
  double loss = 0;               ///< [nats] mean over the batch's labels
  double gradient_norm = 0;      ///< of the mean loss, before it is clipped
  bool finite_gradient = false;  ///< and loss: else the weights are as they were before the step
  bool finite_weights = false;   ///< after the update, on all ranks
};

/// A model, its optimiser, and the step that trains it.
class TrainingStep {
 public:
  /// A new model with the initial weights of options.train.seed. `problems` outlive the step.
  TrainingStep(const RunOptions& options, const std::vector<data::Problem>& problems,
               const distributed::Communicator& communicator);

  /// Gradient of the mean loss of a batch, its norm, clipping, update. Returns when the weights are
  /// new. Collective. `batch` and `learning_rate` are the same on every rank; `stop_requested` is
  /// this rank's own, and comes back added up in the outcome's sums.
  StepOutcome run(const Part& batch, double learning_rate, bool stop_requested, TimeTable& times);

  /// Who may ask for a NaN of this rank's; outlives the step.
  void set_faults(FaultInjection& faults);

  model::Network<float>& model() { return *model_; }
  optim::Optimizer<float>& optimizer() { return optimizer_; }
  BatchGradient& gradient() { return gradient_; }

 private:
  void update(Vector<const float> gradient, double scale, double learning_rate, TimeTable& times);
  bool has_finite_weights(TimeTable& times);

  optim::OptimizerOptions options_;
  distributed::Communicator communicator_;
  std::unique_ptr<model::Network<float>> model_;
  optim::Optimizer<float> optimizer_;
  distributed::BlockExchange<float> exchange_;
  BatchGradient gradient_;
  FaultInjection* faults_ = nullptr;
};

}  // namespace superpose::train
