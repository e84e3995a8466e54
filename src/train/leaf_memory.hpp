#pragma once
/// Where the gradient of a leaf is computed: in the host memory that ranks exchange it from, if
/// kernels can write to it, otherwise in device memory from which it is copied there.

#include <cstddef>
#include <type_traits>

#include "core/types.hpp"

namespace superpose::train {

class LeafMemory {
 public:
  explicit LeafMemory(std::size_t n_elements) : n_(n_elements) {
    if constexpr (!kernels_use_host_memory) device_ = Vector<float>("leaf_gradient", n_);
  }

  /// Zeros for the next leaf; `host` holds n_elements zeros.
  Vector<float> open(float* host) {
    host_ = host;
    copied_from_ = n_;
    if constexpr (kernels_use_host_memory) return Vector<float>(host, n_);
    Kokkos::deep_copy(device_, 0.0F);
    return device_;
  }

  /// Elements [first, n_elements) are final: brings those to the host that are not there yet.
  void bring_to_host(std::size_t first) {
    if constexpr (!kernels_use_host_memory)
      Kokkos::deep_copy(Host(host_ + first, copied_from_ - first),
                        Kokkos::subview(device_, Kokkos::make_pair(first, copied_from_)));
    copied_from_ = first;
  }

  /// The sum over all leaves, for kernels.
  Vector<const float> publish(float* host_sum) {
    if constexpr (kernels_use_host_memory) return Vector<float>(host_sum, n_);
    Kokkos::deep_copy(device_, Host(host_sum, n_));
    return device_;
  }

 private:
  static constexpr bool kernels_use_host_memory = std::is_same_v<Memory, Kokkos::HostSpace>;
  using Host = Kokkos::View<float*, Kokkos::HostSpace, Kokkos::MemoryUnmanaged>;

  std::size_t n_;
  Vector<float> device_;
  float* host_ = nullptr;
  std::size_t copied_from_ = 0;
};

}  // namespace superpose::train
