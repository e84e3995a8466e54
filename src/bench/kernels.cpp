#include "bench/kernel_cases.hpp"
#include "bench/measure.hpp"
#include "bench/timing.hpp"

namespace superpose::bench {

std::vector<KernelTime> measure_kernels(const train::RunOptions& options,
                                        const std::vector<data::Problem>& problems,
                                        const distributed::Communicator& world) {
  std::vector<KernelTime> times;
  for (const auto& [name, shape, cost, prepare] : kernel_cases(options, problems))
    times.push_back({name, shape, cost, best_seconds(world, prepare())});
  return times;
}

}  // namespace superpose::bench
