#pragma once
/// The sum of the gradients of all leaves of a batch, bit for bit the same for every rank count
/// (MPI_Allreduce is not), exchanged while the last leaf's backward still computes. Within a rank
/// partial sums are folded as they come (leaf_sums.hpp), between ranks bucket by bucket
/// (bucket_sum.hpp), from the end of the vector to its beginning: the order in which backward
/// completes a model's gradients. Gradients lie in the kernels' memory and are waited for only
/// where ranks exchange them; one rank exchanges none.

#include <cstddef>
#include <vector>

#include "distributed/bucket_sum.hpp"
#include "distributed/communicator.hpp"
#include "distributed/exchange_memory.hpp"
#include "distributed/leaf_sums.hpp"
#include "distributed/leaf_tree.hpp"

namespace superpose::distributed {

/// One step:  for (leaf in leaves()) { compute into leaf_buffer(); add_leaf(); }  sum = reduce();
/// or, for the last leaf:  compute into leaf_buffer() and call final_from(first) on the way.
/// T is float or double.
template <class T>
class GradientReduction {
 public:
  /// 4 MiB of float: long enough for a network's full rate, short enough for many to be under way.
  static constexpr std::size_t default_bucket = 1U << 20U;

  /// `bucket`: elements that are exchanged together. Error (usage) if there are more ranks than
  /// leaves, or 2^31 elements or more. Collective.
  GradientReduction(const Communicator& communicator, std::size_t n_elements, int n_leaves,
                    std::size_t bucket = default_bucket,
                    ExchangePath path = default_exchange_path());
  GradientReduction(const GradientReduction&) = delete;
  GradientReduction& operator=(const GradientReduction&) = delete;

  /// The leaves this rank computes, in ascending order.
  Leaves leaves() const { return block_; }

  Vector<T> leaf_buffer();  ///< n_elements zeros; call once a leaf
  void add_leaf();          ///< what has been launched completes all of the leaf buffer

  /// Elements [first, n_elements) of the last leaf's buffer are final once what has been launched
  /// is done: their exchange begins, and what is under way moves on. `first` never grows; call
  /// again with the same to move on alone.
  void final_from(std::size_t first);

  /// The sum over all leaves of all ranks, the same n_elements on every rank. Call on all ranks,
  /// after the last leaf. The memory may be written to and is valid until the next leaf_buffer().
  Vector<T> reduce();

  /// Seconds this rank has spent on communication so far: in add_leaf() of last leaves and in
  /// reduce(), where nothing else goes on, and
  double exposed_seconds() const { return exposed_seconds_; }
  /// in final_from(), between the computations of a last leaf.
  double overlapped_seconds() const { return overlapped_seconds_; }

 private:
  bool opens_buckets_from(std::size_t first) const;
  void wait_for_sums_from(std::size_t first) const;
  void open_buckets_from(std::size_t first);
  void send_opened();
  void progress();
  void finish_exchange();

  OwnCommunicator communicator_;
  std::size_t n_elements_;
  Leaves block_;
  Exec exec_;  // that the leaves are computed on
  LeafSums<T> sums_;
  ExchangeMemory<T> memory_;
  std::vector<BucketSum<T>> buckets_;  // from the end of the vector to its beginning
  std::size_t n_open_ = 0, n_sent_ = 0, n_gathering_ = 0, n_done_ = 0;
  std::size_t final_from_;  // of the last leaf; n_elements_ before
  double exposed_seconds_ = 0, overlapped_seconds_ = 0;
};

}  // namespace superpose::distributed
