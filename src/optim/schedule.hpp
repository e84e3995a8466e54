#pragma once
#include <cstdint>

#include "optim/options.hpp"

namespace superpose::optim {

/// Where a step stands in its run.
struct RunPosition {
  std::int64_t step;  ///< 0-based
  std::int64_t total_steps;
  std::int64_t decay_steps = 0;  ///< of the last decay_epochs epochs
  int stage = 0;                 ///< of the curriculum
};

/// Learning rate of a step: linear warm-up from 0, then
///   constant             learning_rate
///   cosine               down to final_lr_ratio * learning_rate at the last step
///   warmup_stable_decay  learning_rate, and in the last decay_steps linearly down to
///                        final_lr_ratio * learning_rate at the last step (Hu et al., arXiv
///                        2404.06395)
/// times the factor that stage_lr has for the stage.
double learning_rate(const OptimizerOptions& options, const RunPosition& at);

}  // namespace superpose::optim
