#pragma once
/// The three measurements of `superpose bench`. All are collective.

#include <vector>

#include "bench/results.hpp"
#include "data/problem.hpp"
#include "distributed/communicator.hpp"
#include "train/options.hpp"

namespace superpose::bench {

/// Matrix products of the shapes of the papers' model and of a narrow one, through
/// kokkos_kernels/linear.hpp, a copy, and exponentials.
Machine measure_machine(const distributed::Communicator& world);

/// Every kernel on the rows of the batch's first leaf at stage 0, where a leaf is one segment.
std::vector<KernelTime> measure_kernels(const train::RunOptions& options,
                                        const std::vector<data::Problem>& problems,
                                        const distributed::Communicator& world);

/// How many steps are run.
struct StepCounts {
  int warmup = 1;
  int measured = 3;
};

/// Steps of the training of `options` on the batch of all `problems`, which train `stage`. The
/// model is a new one; every step draws the problems' texts anew and computes as many rows.
StepTimes measure_steps(const train::RunOptions& options,
                        const std::vector<data::Problem>& problems, int stage, StepCounts counts,
                        const distributed::Communicator& communicator);

}  // namespace superpose::bench
