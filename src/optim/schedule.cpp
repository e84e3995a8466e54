#include "optim/schedule.hpp"

#include <algorithm>
#include <cmath>

#include "core/by_stage.hpp"

namespace superpose::optim {
namespace {

double cosine(const OptimizerOptions& options, const RunPosition& at) {
  constexpr double pi = 3.141592653589793;
  const double peak = options.learning_rate;
  const double span =
      std::max<double>(1, static_cast<double>(at.total_steps - 1 - options.warmup_steps));
  const double progress = std::min(1.0, static_cast<double>(at.step - options.warmup_steps) / span);
  const double floor = options.final_lr_ratio * peak;
  return floor + 0.5 * (peak - floor) * (1 + std::cos(pi * progress));
}

double stable_then_decay(const OptimizerOptions& options, const RunPosition& at) {
  const double peak = options.learning_rate;
  const double decay_steps = static_cast<double>(at.decay_steps);
  const double steps_after = std::max(0.0, static_cast<double>(at.total_steps - 1 - at.step));
  if (steps_after >= decay_steps) return peak;
  const double floor = options.final_lr_ratio * peak;
  return floor + (peak - floor) * steps_after / decay_steps;
}

double scheduled(const OptimizerOptions& options, const RunPosition& at) {
  if (at.step < options.warmup_steps)
    return options.learning_rate * static_cast<double>(at.step + 1) / options.warmup_steps;
  if (options.schedule == Schedule::cosine) return cosine(options, at);
  if (options.schedule == Schedule::warmup_stable_decay) return stable_then_decay(options, at);
  return options.learning_rate;
}

}  // namespace

double learning_rate(const OptimizerOptions& options, const RunPosition& at) {
  return scheduled(options, at) * by_stage(options.stage_lr, at.stage, 1);
}

}  // namespace superpose::optim
