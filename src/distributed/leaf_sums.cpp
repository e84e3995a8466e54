#include "distributed/leaf_sums.hpp"

#include "core/error.hpp"

namespace superpose::distributed {

template <class T>
LeafSums<T>::LeafSums(std::size_t n_elements, int n_leaves, Leaves block)
    : n_elements_(n_elements), n_leaves_(n_leaves), block_(block), next_leaf_(block.begin) {}

template <class T>
T* LeafSums<T>::leaf_buffer() {
  SUPERPOSE_EXPECT(!complete());
  if (depth_ == sums_.size()) sums_.emplace_back();
  sums_[depth_].assign(n_elements_, T{0});
  return sums_[depth_].data();
}

template <class T>
void LeafSums<T>::add_elements(std::size_t begin, std::size_t end) {
  SUPERPOSE_EXPECT(!complete() && depth_ < sums_.size() && begin <= end && end <= n_elements_);
  std::size_t top = depth_;
  for (int fold = folds(); fold > 0; --fold, --top)
    add_to(sums_[top - 1].data() + begin, sums_[top].data() + begin, end - begin);
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
