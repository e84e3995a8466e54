#pragma once
#include <cstdint>
#include <vector>

#include "bench/results.hpp"
#include "train/options.hpp"

namespace superpose::bench {

/// What the measured steps say of the training of `options` on `problems` problems an epoch: its
/// steps alone, without evaluations and checkpoints. Every problem is taken at the stage of its
/// epoch, stages last as many epochs as they may, and a stage between two measured ones takes a
/// time between theirs.
RunTime run_time(const train::RunOptions& options, std::int64_t problems,
                 const std::vector<StepTimes>& steps);

}  // namespace superpose::bench
