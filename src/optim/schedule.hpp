#pragma once
#include <cstdint>

#include "optim/options.hpp"

namespace superpose::optim {

/// Learning rate of step `step` (0-based) of `total_steps`: linear warm-up from 0, then constant,
/// or a cosine down to final_lr_ratio * learning_rate at the last step.
double learning_rate(const OptimizerOptions& options, std::int64_t step, std::int64_t total_steps);

}  // namespace superpose::optim
