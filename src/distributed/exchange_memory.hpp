#pragma once
/// The memory that MPI reads and writes, and the way of partial sums into it and back.

#include <cstddef>
#include <vector>

#include "core/types.hpp"

namespace superpose::distributed {

enum class ExchangePath {
  direct,  ///< MPI works in the kernels' memory: the host's, or a device's that it can read
  staged   ///< MPI works on copies on the host, which are made while the kernels go on
};

/// direct, unless MPI cannot read the kernels' memory.
ExchangePath default_exchange_path();

/// What begins a copy or a sum returns at once; the two waits say when it is done. T is float or
/// double.
template <class T>
class ExchangeMemory {
 public:
  explicit ExchangeMemory(ExchangePath path);

  ExchangePath path() const { return path_; }

  /// n elements for MPI, kept as long as this object.
  T* allocate(std::size_t n);
  /// The same where copies are needed, otherwise none.
  T* allocate_copy(std::size_t n) { return path_ == ExchangePath::staged ? allocate(n) : nullptr; }

  /// Where MPI finds the n elements at `data` in the kernels' memory: in `copy` of
  /// allocate_copy(n), or where they are.
  T* bring_out(T* data, T* copy, std::size_t n);
  /// The n elements at `place`, of bring_out(data, ...), return to `data`.
  void bring_back(const T* place, T* data, std::size_t n);
  void wait_for_copies();

  /// In the memory of MPI: sum[i] += other[i], to[i] = from[i].
  void add(T* sum, const T* other, std::size_t n);
  void move(const T* from, T* to, std::size_t n);
  void wait_for_sums();

 private:
  ExchangePath path_;
  Exec exec_;  // of its own: kernels of the program go on beside it
  Kokkos::DefaultHostExecutionSpace host_exec_;
  std::vector<Vector<T>> kernel_buffers_;
  std::vector<HostVector<T>> host_buffers_;
};

}  // namespace superpose::distributed
