#pragma once
#include <cstddef>
#include <vector>

#include "core/types.hpp"
#include "distributed/leaf_tree.hpp"

namespace superpose::distributed {

/// Partial sums of the leaves of one block, added from left to right and folded as early as
/// leaf_tree.hpp allows, where the kernels' memory is: launched on `exec`, not waited for. At any
/// time at most 2 log2(n_leaves) + 1 buffers are in use; they are kept from step to step. T is
/// float or double.
template <class T>
class LeafSums {
 public:
  LeafSums(std::size_t n_elements, int n_leaves, Leaves block, const Exec& exec = Exec());

  /// The buffer to compute the next leaf into, set to zero by this call.
  Vector<T> leaf_buffer();

  /// Adds elements [begin, end) of the leaf buffer to the tree, before the others are known. Each
  /// element once a leaf.
  void add_elements(std::size_t begin, std::size_t end);

  /// All elements of the leaf have been added.
  void close_leaf();

  bool is_last_leaf() const { return next_leaf_ + 1 == block_.end; }
  bool complete() const { return next_leaf_ == block_.end; }

  /// The sum of the i-th of largest_nodes(n_leaves, block): elements added in the last leaf are
  /// final.
  Vector<T> node_sum(std::size_t i) const { return sums_[i]; }

  /// Forgets the sums and keeps the buffers.
  void restart();

 private:
  int folds() const { return nodes_completed_by(next_leaf_, n_leaves_, block_); }

  std::size_t n_elements_;
  int n_leaves_;
  Leaves block_;
  Exec exec_;
  int next_leaf_;
  std::size_t depth_ = 0;        // sums on the stack, below the leaf buffer
  std::vector<Vector<T>> sums_;  // the stack, with buffers above `depth_` waiting for reuse
};

}  // namespace superpose::distributed
