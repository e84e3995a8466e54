#include "kokkos_kernels/device.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "kokkos_kernels/loops/lane.hpp"

namespace superpose::kernels {

/// A launch with a little of the memory. Not in keep_scratch_pool: nvcc's lambdas want a function
/// of their own.
void launch_with_scratch(const Exec& exec) {
  TeamPolicy policy(exec, 1, 1);
  policy.set_scratch_size(1, Kokkos::PerTeam(64));
  Kokkos::parallel_for("scratch_pool", policy, KOKKOS_LAMBDA(const TeamMember&){});
}

void keep_scratch_pool(const Exec& exec) {
  static const bool kept = [&] {
    launch_with_scratch(exec);
    return true;
  }();
  SUPERPOSE_EXPECT(kept);
}

#ifdef KOKKOS_ENABLE_CUDA

std::string device_name() {
  const Exec exec;
  return fmt::format("{} (GPU {} of this node)", exec.cuda_device_prop().name, exec.cuda_device());
}

std::size_t device_memory_in_use() {
  std::size_t free = 0, total = 0;
  if (cudaMemGetInfo(&free, &total) != cudaSuccess) return 0;
  return total - free;
}

#else

std::string device_name() {
  return "CPU";
}

std::size_t device_memory_in_use() {
  return 0;
}

#endif

}  // namespace superpose::kernels
