#pragma once
#include <array>

namespace superpose::optim {

/// The learning rate after the warm-up.
enum class Schedule { constant, cosine };
constexpr std::array<const char*, 2> names_of(Schedule) {
  return {"constant", "cosine"};
}

/// AdamW and its learning rate. Defaults are the papers'.
struct OptimizerOptions {
  double learning_rate = 1e-4;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0.01;  ///< on every parameter, as torch.optim.AdamW
  double clip_norm = 0;        ///< largest global gradient norm; 0 = no clipping
  Schedule schedule = Schedule::constant;
  int warmup_steps = 0;         ///< linear from 0
  double final_lr_ratio = 0.1;  ///< cosine: last learning rate / learning_rate
};

}  // namespace superpose::optim
