#include "distributed/leaf_sums.hpp"

#include "core/error.hpp"

namespace superpose::distributed {
namespace {

/// sum[i] += other[i] for begin <= i < end.
template <class T>
void fold(const Exec& exec, const Vector<T>& sum, const Vector<T>& other, std::size_t begin,
          std::size_t end) {
  T* const into = sum.data();  // plain pointers: views of one index do not vectorise everywhere
  const T* const from = other.data();
  Kokkos::parallel_for(
      "fold_leaves", Kokkos::RangePolicy<Exec>(exec, begin, end),
      KOKKOS_LAMBDA(const std::size_t i) { into[i] += from[i]; });
}

}  // namespace

template <class T>
LeafSums<T>::LeafSums(std::size_t n_elements, int n_leaves, Leaves block, const Exec& exec)
    : n_elements_(n_elements),
      n_leaves_(n_leaves),
      block_(block),
      exec_(exec),
      next_leaf_(block.begin) {}

template <class T>
Vector<T> LeafSums<T>::leaf_buffer() {
  SUPERPOSE_EXPECT(!complete());
  if (depth_ == sums_.size())
    sums_.emplace_back(Kokkos::view_alloc("leaf_sum", Kokkos::WithoutInitializing), n_elements_);
  Kokkos::deep_copy(exec_, sums_[depth_], T{0});
  return sums_[depth_];
}

template <class T>
void LeafSums<T>::add_elements(std::size_t begin, std::size_t end) {
  SUPERPOSE_EXPECT(!complete() && depth_ < sums_.size() && begin <= end && end <= n_elements_);
  if (begin == end) return;
  std::size_t top = depth_;
  for (int n_folds = folds(); n_folds > 0; --n_folds, --top)
    fold(exec_, sums_[top - 1], sums_[top], begin, end);
}

template <class T>
void LeafSums<T>::close_leaf() {
  SUPERPOSE_EXPECT(!complete() && depth_ < sums_.size());
  depth_ = depth_ + 1 - static_cast<std::size_t>(folds());
  ++next_leaf_;
}

template <class T>
void LeafSums<T>::restart() {
  next_leaf_ = block_.begin;
  depth_ = 0;
}

template class LeafSums<float>;
template class LeafSums<double>;

}  // namespace superpose::distributed
