#pragma once
/// Every kernel as a training step calls it, with data of its own: what `superpose bench` and the
/// microbenchmarks time.

#include <functional>
#include <string>
#include <vector>

#include "bench/results.hpp"
#include "data/problem.hpp"
#include "train/options.hpp"

namespace superpose::bench {

struct KernelCase {
  std::string name;
  std::string shape;  ///< of its largest operands
  Cost cost;
  /// Allocates the operands, and returns a function that calls the kernel on them without waiting
  /// for the device.
  std::function<std::function<void()>()> prepare;
};

/// The kernels in options.model.precision on the rows of the batch's first leaf at stage 0, where a
/// leaf is one segment. `problems` are the global batch.
std::vector<KernelCase> kernel_cases(const train::RunOptions& options,
                                     const std::vector<data::Problem>& problems);

}  // namespace superpose::bench
