#pragma once
/// One range of the gradient ("bucket") on its way through the ranks. Each rank owns a slice of the
/// range and adds everyone's partial sums of it in the order of the tree; then the slices go to
/// everyone:
///
///   rank 0 (leaves 0 1)   [ slice 0 | slice 1 ] --+--> rank 0: tree over slice 0 --+
///   rank 1 (leaves 2 3)   [ slice 0 | slice 1 ] --+--> rank 1: tree over slice 1 --+--> everyone
///
/// For R ranks whose leaves are one node each, a rank sends and receives 2 (R-1)/R of the range,
/// the least any such sum can (Thakur, Rabenseifner, Gropp 2005).

#include <mpi.h>

#include <cstddef>
#include <vector>

#include "distributed/communicator.hpp"
#include "distributed/leaf_sums.hpp"
#include "distributed/leaf_tree.hpp"

namespace superpose::distributed {

/// T is float or double. Every rank starts its buckets in the same order, and lets them gather in
/// that order: messages of different buckets are told apart by their order alone.
template <class T>
class BucketSum {
 public:
  /// Of elements [begin, end), fewer than 2^31.
  BucketSum(const Communicator& communicator, int n_leaves, std::size_t begin, std::size_t end);

  std::size_t begin() const { return begin_; }
  std::size_t end() const { return end_; }

  /// Begins to exchange partial sums: this rank's are final in the bucket's range, and stay until
  /// done() is true. The range of sums.node_sum(0) receives the result.
  void start(LeafSums<T>& sums);

  /// True once the other ranks' partial sums are here and this rank's are sent.
  bool has_partials();
  void wait_for_partials();

  /// Adds the own slice and begins to send it to everyone. Once, after has_partials().
  void gather();

  /// True once every slice is in place.
  bool done();
  void wait();

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
  int own_size() const { return slice_sizes_[communicator_.rank()]; }
  void receive_partials();
  void send_partials(LeafSums<T>& sums);
  T* sum_of(Leaves node, NextPartial& next);

  Communicator communicator_;
  int n_leaves_;
  std::size_t begin_, end_;
  std::vector<int> slice_begins_;  // [ranks] relative to begin_
  std::vector<int> slice_sizes_;   // [ranks]
  std::vector<Partial> partials_;  // of all ranks, from left to right in the tree
  std::vector<T> received_;        // other ranks' parts of the own slice
  std::vector<MPI_Request> messages_;
  MPI_Request gathering_ = MPI_REQUEST_NULL;
  T* result_ = nullptr;  // of the bucket's range
};

}  // namespace superpose::distributed
