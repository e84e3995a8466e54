#pragma once
#include <array>
#include <vector>

namespace superpose::optim {

/// The learning rate after the warm-up.
enum class Schedule { constant, cosine, warmup_stable_decay };
constexpr std::array<const char*, 3> names_of(Schedule) {
  return {"constant", "cosine", "warmup_stable_decay"};
}

/// What updates the weights. muon: Muon on the matrices of the transformer blocks, AdamW elsewhere.
enum class Algorithm { adamw, muon };
constexpr std::array<const char*, 2> names_of(Algorithm) {
  return {"adamw", "muon"};
}

/// An optimizer and its learning rate. Defaults are the papers'.
struct OptimizerOptions {
  Algorithm name = Algorithm::adamw;
  double learning_rate = 1e-4;  ///< of AdamW
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0.01;        ///< on every parameter, as torch.optim.AdamW
  double muon_learning_rate = 4e-3;  ///< of Muon; it follows the schedule of learning_rate
  double muon_momentum = 0.95;
  double clip_norm = 0;  ///< largest global gradient norm; 0 = no clipping
  Schedule schedule = Schedule::constant;
  int warmup_steps = 0;          ///< linear from 0
  int decay_epochs = 0;          ///< warmup_stable_decay: epochs at the end of the run that decay
  double final_lr_ratio = 0.1;   ///< last learning rate / learning_rate, but for constant
  std::vector<double> stage_lr;  ///< factors of the learning rate by stage (core/by_stage.hpp)
};

}  // namespace superpose::optim
