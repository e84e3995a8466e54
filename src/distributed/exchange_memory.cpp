#include "distributed/exchange_memory.hpp"

#include "distributed/communicator.hpp"

namespace superpose::distributed {
namespace {

/// A queue beside the program's on a device. On a CPU there is nothing to run beside: its threads
/// are the program's.
Exec own_queue() {
#if KOKKOS_VERSION >= 40000
  if (!kernels_use_host_memory) return Kokkos::Experimental::partition_space(Exec(), 1)[0];
#endif
  return Exec();
}

template <class Space, class T>
void add_elements(const Space& exec, T* sum, const T* other, std::size_t n) {
  Kokkos::parallel_for(
      "add_partial_sum", Kokkos::RangePolicy<Space>(exec, 0, n),
      KOKKOS_LAMBDA(const std::size_t i) { sum[i] += other[i]; });
}

template <class Space, class T>
void move_elements(const Space& exec, const T* from, T* to, std::size_t n) {
  Kokkos::parallel_for(
      "move_partial_sum", Kokkos::RangePolicy<Space>(exec, 0, n),
      KOKKOS_LAMBDA(const std::size_t i) { to[i] = from[i]; });
}

template <class T, class Space>
using Unmanaged =
    Kokkos::View<T*, Kokkos::LayoutRight, Space, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

}  // namespace

ExchangePath default_exchange_path() {
  return kernels_use_host_memory || mpi_reads_device_memory() ? ExchangePath::direct
                                                              : ExchangePath::staged;
}

template <class T>
ExchangeMemory<T>::ExchangeMemory(ExchangePath path) : path_(path), exec_(own_queue()) {}

template <class T>
T* ExchangeMemory<T>::allocate(std::size_t n) {
  const auto label = Kokkos::view_alloc("partial_sums", Kokkos::WithoutInitializing);
  if (path_ == ExchangePath::direct) return kernel_buffers_.emplace_back(label, n).data();
  return host_buffers_.emplace_back(label, n).data();
}

template <class T>
T* ExchangeMemory<T>::bring_out(T* data, T* copy, std::size_t n) {
  if (path_ == ExchangePath::direct) return data;
  Kokkos::deep_copy(exec_, Unmanaged<T, HostMemory>(copy, n), Unmanaged<const T, Memory>(data, n));
  return copy;
}

template <class T>
void ExchangeMemory<T>::bring_back(const T* place, T* data, std::size_t n) {
  if (path_ == ExchangePath::direct) return;
  Kokkos::deep_copy(exec_, Unmanaged<T, Memory>(data, n), Unmanaged<const T, HostMemory>(place, n));
}

template <class T>
void ExchangeMemory<T>::wait_for_copies() {
  if (path_ == ExchangePath::staged) wait_for(exec_, "copies of gradient sums are complete");
}

template <class T>
void ExchangeMemory<T>::add(T* sum, const T* other, std::size_t n) {
  path_ == ExchangePath::direct ? add_elements(exec_, sum, other, n)
                                : add_elements(host_exec_, sum, other, n);
}

template <class T>
void ExchangeMemory<T>::move(const T* from, T* to, std::size_t n) {
  path_ == ExchangePath::direct ? move_elements(exec_, from, to, n)
                                : move_elements(host_exec_, from, to, n);
}

template <class T>
void ExchangeMemory<T>::wait_for_sums() {
  path_ == ExchangePath::direct ? wait_for(exec_, "MPI sends sums that are complete")
                                : wait_for(host_exec_, "MPI sends sums that are complete");
}

template class ExchangeMemory<float>;
template class ExchangeMemory<double>;

}  // namespace superpose::distributed
