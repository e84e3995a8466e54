#pragma once
/// The sum of the gradients of all leaves of a batch, bit for bit the same for every rank count
/// (MPI_Allreduce is not). Within a rank, partial sums are folded as early as leaf_tree.hpp allows;
/// between ranks, each rank owns a slice of the vector and adds everyone's partial sums of it:
///
///   rank 0 (leaves 0 1)   [ slice 0 | slice 1 ] --+--> rank 0: tree over slice 0 --+
///   rank 1 (leaves 2 3)   [ slice 0 | slice 1 ] --+--> rank 1: tree over slice 1 --+--> everyone
///
/// For R ranks whose leaves are one node each, a rank sends and receives 2 (R-1)/R of the vector,
/// the least any such sum can (Thakur, Rabenseifner, Gropp 2005).

#include <mpi.h>

#include <cstddef>
#include <type_traits>
#include <vector>

#include "core/error.hpp"
#include "distributed/communicator.hpp"
#include "distributed/leaf_tree.hpp"

namespace superpose::distributed {

/// Partial sums of the leaves of one block, added from left to right. At any time at most
/// 2 log2(n_leaves) + 1 buffers are in use; they are kept from step to step.
template <class T>
class LeafSums {
 public:
  LeafSums(std::size_t n_elements, int n_leaves, Leaves block);

  /// The buffer to compute the next leaf into, set to zero by this call.
  T* leaf_buffer();

  /// Adds what is in the leaf buffer to the tree.
  void add_leaf();

  bool complete() const { return next_leaf_ == block_.end; }

  /// The sum of the i-th of largest_nodes(n_leaves, block), once complete.
  T* node_sum(std::size_t i) { return sums_[i].data(); }

  /// Forgets the sums and keeps the buffers.
  void restart();

 private:
  std::size_t n_elements_;
  int n_leaves_;
  Leaves block_;
  int next_leaf_;
  std::size_t depth_ = 0;             // sums on the stack, below the leaf buffer
  std::vector<std::vector<T>> sums_;  // the stack, with buffers above `depth_` waiting for reuse
};

/// One step:  for (leaf in leaves()) { compute into leaf_buffer(); add_leaf(); }  sum = reduce();
/// T is float or double.
template <class T>
class GradientReduction {
 public:
  /// Error (usage) if there are more ranks than leaves, or 2^31 elements or more. The ranks must
  /// not exchange other messages over the communicator during reduce().
  GradientReduction(const Communicator& communicator, std::size_t n_elements, int n_leaves);
  GradientReduction(const GradientReduction&) = delete;
  GradientReduction& operator=(const GradientReduction&) = delete;

  /// The leaves this rank computes, in ascending order.
  Leaves leaves() const { return block_; }

  T* leaf_buffer() { return sums_.leaf_buffer(); }  ///< n_elements zeros; call once a leaf
  void add_leaf() { sums_.add_leaf(); }

  /// The sum over all leaves of all ranks, the same n_elements on every rank. Call on all ranks,
  /// after the last leaf. The memory may be written to and is valid until the next leaf_buffer().
  T* reduce();

  /// Seconds this rank has spent in reduce() so far: communication not hidden behind computation.
  double exposed_seconds() const { return exposed_seconds_; }

 private:
  /// A partial sum of some rank: a node of the tree, and where its part of the own slice lies.
  struct Partial {
    Leaves node;
    int rank = 0;
    T* slice = nullptr;
  };

  using NextPartial = typename std::vector<Partial>::iterator;

  void cut_into_slices();
  void list_partials();
  void send_partials();
  void receive_partials();
  T* sum_of(Leaves node, NextPartial& next);
  void allgather_slices(T* sum);

  Communicator communicator_;
  std::size_t n_elements_;
  int n_leaves_;
  Leaves block_;
  LeafSums<T> sums_;
  std::vector<int> slice_begins_;  // [ranks + 1]: rank r owns elements [begins[r], begins[r + 1])
  std::vector<int> slice_sizes_;   // [ranks]
  std::vector<Partial> partials_;  // of all ranks, from left to right in the tree
  std::vector<T> received_;        // other ranks' parts of the own slice
  std::vector<MPI_Request> requests_;
  double exposed_seconds_ = 0;
};

/// Everyone's per-leaf values (loss sums, counts, flags) in the order of leaves, on every rank.
/// `mine` has one value for each leaf of this rank; T is trivially copyable.
template <class T>
std::vector<T> allgather_leaves(const Communicator& communicator, const std::vector<T>& mine,
                                int n_leaves) {
  static_assert(std::is_trivially_copyable_v<T>, "only plain bytes travel between ranks");
  std::vector<int> counts;
  for (int rank = 0; rank < communicator.size(); ++rank)
    counts.push_back(leaves_of_rank(n_leaves, rank, communicator.size()).size());
  SUPERPOSE_EXPECT(mine.size() == static_cast<std::size_t>(counts[communicator.rank()]));
  std::vector<T> all(n_leaves);
  communicator.allgather_blocks(mine.data(), all.data(), counts, sizeof(T));
  return all;
}

/// Everyone's per-leaf values added up from leaf 0 upwards, by T's operator+=: the same bits for
/// every rank count.
template <class T>
T sum_leaves(const Communicator& communicator, const std::vector<T>& mine, int n_leaves) {
  T sum{};
  for (const T& leaf : allgather_leaves(communicator, mine, n_leaves)) sum += leaf;
  return sum;
}

}  // namespace superpose::distributed
