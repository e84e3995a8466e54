#include "distributed/block_exchange.hpp"

namespace superpose::distributed {

template <class T>
BlockExchange<T>::BlockExchange(const Communicator& communicator, ExchangePath path)
    : communicator_(communicator), path_(path) {}

template <class T>
void BlockExchange<T>::complete(Vector<T> blocks, const std::vector<int>& counts) {
  const Exec exec;
  if (path_ == ExchangePath::direct) {
    exec.fence();
    communicator_.complete_blocks(blocks.data(), counts, sizeof(T));
    return;
  }
  if (copy_.extent(0) != blocks.extent(0))
    copy_ =
        HostVector<T>(Kokkos::view_alloc("blocks", Kokkos::WithoutInitializing), blocks.extent(0));
  Kokkos::deep_copy(exec, copy_, blocks);
  exec.fence();
  communicator_.complete_blocks(copy_.data(), counts, sizeof(T));
  Kokkos::deep_copy(exec, blocks, copy_);
}

template class BlockExchange<float>;
template class BlockExchange<double>;

}  // namespace superpose::distributed
