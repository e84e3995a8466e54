#include "train/training_step.hpp"

#include <cmath>
#include <limits>

namespace superpose::train {

TrainingStep::TrainingStep(const RunOptions& options, const std::vector<data::Problem>& problems,
                           const distributed::Communicator& communicator)
    : options_(options.optimizer),
      communicator_(communicator),
      model_(model::make_network(options.model)),
      optimizer_(options.optimizer, model_->parameters().flat.extent(0),
                 model::block_matrices(options.model), {communicator.rank(), communicator.size()}),
      exchange_(communicator),
      gradient_(options, problems, communicator, *model_) {
  model::initialise(model_->parameters(), options.train.seed);
}

void TrainingStep::set_faults(FaultInjection& faults) {
  faults_ = &faults;
  gradient_.set_faults(faults);
}

StepOutcome TrainingStep::run(const Part& batch, double learning_rate, bool stop_requested,
                              TimeTable& times) {
  const auto gradient = gradient_.compute(batch.problems, batch.key, stop_requested, times);
  const auto& sums = gradient_.sums();
  const double scale = 1.0 / static_cast<double>(sums.labels);  // mean over labels
  const ScopedTimer timer(times, "optimizer");
  StepOutcome outcome{sums, sums.loss * scale, scale * optim::norm<float>(gradient)};
  outcome.finite_gradient = std::isfinite(sums.loss) && std::isfinite(outcome.gradient_norm);
  if (!outcome.finite_gradient) return outcome;
  update(gradient, scale * optim::clip_factor(outcome.gradient_norm, options_.clip_norm),
         learning_rate, times);
  outcome.finite_weights = has_finite_weights(times);
  return outcome;
}

void TrainingStep::update(Vector<const float> gradient, double scale, double learning_rate,
                          TimeTable& times) {
  const auto exchange = [&](const Vector<float>& blocks, const std::vector<int>& counts) {
    times.activity().meet();
    exchange_.complete(blocks, counts);
  };
  optimizer_.step(gradient, scale, learning_rate, model_->parameters().flat, exchange);
}

/// Waits for the update, so that the step's time includes it. Agreed in every step, because weights
/// can go bad on one rank alone (memory, a device): the others would record the step before they
/// hear of it.
bool TrainingStep::has_finite_weights(TimeTable& times) {
  const auto weights = model_->parameters().flat;
  if (faults_ && faults_->poisons(FaultInjection::Poison::weight, times.activity().step()))
    Kokkos::deep_copy(Kokkos::subview(weights, 0), std::numeric_limits<float>::quiet_NaN());
  const bool finite = std::isfinite(optim::norm<float>(weights));
  times.activity().meet();
  return communicator_.all_agree(finite);
}

}  // namespace superpose::train
