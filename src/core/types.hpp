#pragma once
/// View aliases for device memory. Letters used in shape comments throughout:
///   P problems in a batch   R rows (tokens, packed)   O output rows   Q query rows (R or O)
///   C n_embd   V vocabulary   NH n_head   D = C / NH head size   L n_layer   S segments

#include <Kokkos_Core.hpp>
#include <cstdint>
#include <type_traits>

namespace superpose {

using Exec = Kokkos::DefaultExecutionSpace;
using Memory = Exec::memory_space;

/// Row-major. A subview of rows or of columns keeps this type; stride(0) is its leading dimension.
template <class T>
using Matrix = Kokkos::View<T**, Kokkos::LayoutRight, Memory>;
template <class T>
using Vector = Kokkos::View<T*, Kokkos::LayoutRight, Memory>;
using Indices = Vector<const std::int32_t>;

constexpr bool kernels_use_host_memory = std::is_same_v<Memory, Kokkos::HostSpace>;

/// Host memory whose copies to and from the kernels' memory need not be waited for: pinned where
/// that is a device's, the kernels' own otherwise.
#if defined(KOKKOS_HAS_SHARED_HOST_PINNED_SPACE)
using HostMemory = Kokkos::SharedHostPinnedSpace;
#elif defined(KOKKOS_ENABLE_CUDA)  // before Kokkos 4
using HostMemory = Kokkos::CudaHostPinnedSpace;
#else
using HostMemory = Kokkos::HostSpace;
#endif
template <class T>
using HostVector = Kokkos::View<T*, Kokkos::LayoutRight, HostMemory>;

/// Waits for what was launched on `exec`; Kokkos' tools show `why`.
template <class Space>
void wait_for(const Space& exec, [[maybe_unused]] const char* why) {
#if KOKKOS_VERSION >= 40000
  exec.fence(why);
#else
  exec.fence();
#endif
}

/// A half-open range of rows.
struct Range {
  int begin = 0;
  int end = 0;
  int size() const { return end - begin; }
};

template <class T>
Matrix<T> rows(const Matrix<T>& matrix, Range range) {
  return Kokkos::subview(matrix, Kokkos::make_pair(range.begin, range.end), Kokkos::ALL);
}

template <class T>
Matrix<T> columns(const Matrix<T>& matrix, Range range) {
  return Kokkos::subview(matrix, Kokkos::ALL, Kokkos::make_pair(range.begin, range.end));
}

template <class View>
View slice(const View& vector, Range range) {
  return Kokkos::subview(vector, Kokkos::make_pair(range.begin, range.end));
}

}  // namespace superpose
