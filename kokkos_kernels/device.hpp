#pragma once
#include <cstddef>
#include <string>

namespace superpose::kernels {

/// What kernels run on: the GPU's name and its number on the node, or "CPU". After Kokkos has
/// started.
std::string device_name();

/// Bytes of the GPU's memory in use, by whomever; 0 where kernels run on a CPU.
std::size_t device_memory_in_use();

}  // namespace superpose::kernels
