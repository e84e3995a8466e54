#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "data/options.hpp"
#include "model/options.hpp"
#include "optim/options.hpp"

namespace superpose::train {

struct DataOptions {
  std::vector<std::string> train;  ///< problem files trained on
  std::vector<double> shares;      ///< part of each file an epoch visits, (0,1]; empty: all of all
  std::vector<double> later_shares;  ///< the same after the first epochs; empty: as before
  int later_shares_from = 0;         ///< epochs before later_shares
  std::string valid;                 ///< held-out problems, evaluated while training; may be empty

  data::SharePlan share_plan() const { return {shares, later_shares, later_shares_from}; }
};

struct LoopOptions {
  std::uint64_t seed = 0;
  int epochs = 300;
  int batch_size = 256;   ///< problems per optimiser step, over all ranks
  int leaves = 8;         ///< parts of a batch whose gradients are summed in a fixed tree; >= ranks
  int accumulation = 1;   ///< passes each leaf is computed in (less memory, same step)
  int eval_every = 1;     ///< epochs between evaluations on the held-out problems
  int eval_problems = 0;  ///< at most so many of them while training; 0 = all
};

/// What is measured inside the model while it trains (held-out problems, methods with thoughts).
struct RecordOptions {
  int every = 5;      ///< epochs between records; 0: none
  int problems = 64;  ///< held-out problems used; 0 = all
};

struct OutputOptions {
  std::string directory = "runs/default";
  int log_every = 10;        ///< steps between progress lines
  bool jsonl = false;        ///< the same as JSON lines in run.jsonl
  int checkpoint_every = 5;  ///< epochs between checkpoints
  int keep = 2;              ///< checkpoints kept; older ones are removed
};

/// A setting that version 0.1.0 did not have.
struct AddedSetting {
  const char* key;
  const char* neutral;  ///< in the configuration's text: the value with which a run is one of 0.1.0
};
inline constexpr std::array added_settings = {AddedSetting{"data.shares", "[]"},
                                              AddedSetting{"data.later_shares", "[]"},
                                              AddedSetting{"data.later_shares_from", "0"},
                                              AddedSetting{"model.position_init", "\"normal\""},
                                              AddedSetting{"method.supervise", "\"last\""},
                                              AddedSetting{"method.uniform_prob_by_stage", "[]"},
                                              AddedSetting{"optimizer.name", "\"adamw\""},
                                              AddedSetting{"optimizer.muon_learning_rate", "0.004"},
                                              AddedSetting{"optimizer.muon_momentum", "0.95"},
                                              AddedSetting{"optimizer.decay_epochs", "0"},
                                              AddedSetting{"optimizer.stage_lr", "[]"},
                                              AddedSetting{"output.jsonl", "false"}};

/// Everything that defines a training run: one TOML file.
struct RunOptions {
  DataOptions data;
  model::Gpt2Options model;
  data::MethodOptions method;
  data::CurriculumOptions curriculum;
  optim::OptimizerOptions optimizer;
  LoopOptions train;
  RecordOptions record;
  OutputOptions output;
};

}  // namespace superpose::train
