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
#include "distributed/exchange_memory.hpp"
#include "distributed/leaf_sums.hpp"
#include "distributed/leaf_tree.hpp"

namespace superpose::distributed {

/// T is float or double. Every rank opens and sends its buckets in the same order, and lets them
/// gather in that order: messages of different buckets are told apart by their order alone. One
/// step of a bucket:  open, send; once arrived: gather; once arrived again: bring_back.
template <class T>
class BucketSum {
 public:
  /// Of elements [begin, end), fewer than 2^31. `memory` outlives this object.
  BucketSum(const Communicator& communicator, ExchangeMemory<T>& memory, int n_leaves,
            std::size_t begin, std::size_t end);

  std::size_t begin() const { return begin_; }

  /// Begins to receive, and to bring this rank's partial sums to where MPI finds them. They are
  /// complete in the bucket's range and stay until bring_back(). The range of sums.node_sum(0)
  /// will receive the result.
  void open(const LeafSums<T>& sums);

  /// Begins to send. The memory has been waited for.
  void send();

  /// True once what was to be received since send() or gather() is here, and the rest is sent.
  bool arrived();
  void wait();

  /// Adds the own slice and begins to exchange it for everyone else's.
  void gather();

  /// Begins to bring the result to the kernels' memory.
  void bring_back();

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
  void receive(T* place, int n, int rank, int tag);
  void send(const T* place, int n, int rank, int tag);
  T* sum_of(Leaves node, NextPartial& next);

  Communicator communicator_;
  ExchangeMemory<T>& memory_;
  int n_leaves_;
  std::size_t begin_, end_;
  std::vector<int> slice_begins_;  // [ranks] relative to begin_
  std::vector<int> slice_sizes_;   // [ranks]
  std::vector<Partial> partials_;  // of all ranks, from left to right in the tree
  std::vector<T*> copies_;         // of this rank's partial sums, if MPI reads copies
  std::vector<T*> own_;            // this rank's partial sums, where MPI reads them
  std::vector<MPI_Request> messages_;
  T* result_ = nullptr;  // of the bucket's range, in the kernels' memory
};

}  // namespace superpose::distributed
