#pragma once
#include <vector>

#include "bench/results.hpp"
#include "data/visits.hpp"
#include "train/options.hpp"

namespace superpose::bench {

/// What the measured steps say of the training of `options`: its steps alone, without evaluations
/// and checkpoints. Every problem is taken at the stage of its epoch, stages last as many epochs as
/// they may, and a stage between two measured ones takes a time between theirs.
RunTime run_time(const train::RunOptions& options, const data::Visits& visits,
                 const std::vector<StepTimes>& steps);

}  // namespace superpose::bench
