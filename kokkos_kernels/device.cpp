#include "kokkos_kernels/device.hpp"

#include <fmt/format.h>

#include "core/types.hpp"

namespace superpose::kernels {

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
