#include "optim/schedule.hpp"

#include <algorithm>
#include <cmath>

namespace superpose::optim {

double learning_rate(const OptimizerOptions& options, std::int64_t step, std::int64_t total_steps) {
  constexpr double pi = 3.141592653589793;
  const double peak = options.learning_rate;
  if (step < options.warmup_steps)
    return peak * static_cast<double>(step + 1) / options.warmup_steps;
  if (options.schedule == Schedule::constant) return peak;
  const double span =
      std::max<double>(1, static_cast<double>(total_steps - 1 - options.warmup_steps));
  const double progress = std::min(1.0, static_cast<double>(step - options.warmup_steps) / span);
  const double floor = options.final_lr_ratio * peak;
  return floor + 0.5 * (peak - floor) * (1 + std::cos(pi * progress));
}

}  // namespace superpose::optim
