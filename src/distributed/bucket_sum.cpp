#include "distributed/bucket_sum.hpp"

namespace superpose::distributed {
namespace {

MPI_Datatype mpi_type(float) {
  return MPI_FLOAT;
}
MPI_Datatype mpi_type(double) {
  return MPI_DOUBLE;
}

}  // namespace

template <class T>
BucketSum<T>::BucketSum(const Communicator& communicator, ExchangeMemory<T>& memory, int n_leaves,
                        std::size_t begin, std::size_t end)
    : communicator_(communicator), memory_(memory), n_leaves_(n_leaves), begin_(begin), end_(end) {
  cut_into_slices();
  list_partials();
}

template <class T>
void BucketSum<T>::cut_into_slices() {
  const std::size_t n = end_ - begin_, n_ranks = communicator_.size();
  const auto cut = [&](std::size_t rank) { return static_cast<int>(n * rank / n_ranks); };
  for (std::size_t rank = 0; rank < n_ranks; ++rank) {
    slice_begins_.push_back(cut(rank));
    slice_sizes_.push_back(cut(rank + 1) - cut(rank));
  }
}

template <class T>
void BucketSum<T>::list_partials() {
  const int n_ranks = communicator_.size();
  for (int rank = 0; rank < n_ranks; ++rank)
    for (Leaves node : largest_nodes(n_leaves_, leaves_of_rank(n_leaves_, rank, n_ranks))) {
      partials_.push_back({node, rank, nullptr});
      if (rank == communicator_.rank()) copies_.push_back(memory_.allocate_copy(end_ - begin_));
    }
  T* slot = memory_.allocate((partials_.size() - copies_.size()) * own_size());
  for (Partial& partial : partials_) {
    if (partial.rank == communicator_.rank()) continue;
    partial.slice = slot;
    slot += own_size();
  }
}

template <class T>
void BucketSum<T>::open(const LeafSums<T>& sums) {
  messages_.clear();
  own_.clear();
  result_ = sums.node_sum(0).data() + begin_;
  for (const Partial& partial : partials_)
    if (partial.rank != communicator_.rank())
      receive(partial.slice, own_size(), partial.rank, partial.node.begin);
  for (std::size_t i = 0; i < copies_.size(); ++i)
    own_.push_back(memory_.bring_out(sums.node_sum(i).data() + begin_, copies_[i], end_ - begin_));
}

template <class T>
void BucketSum<T>::send() {
  const int own_rank = communicator_.rank(), n_ranks = communicator_.size();
  auto sum = own_.begin();
  for (Partial& partial : partials_) {
    if (partial.rank != own_rank) continue;
    partial.slice = *sum + slice_begins_[own_rank];
    for (int distance = 1; distance < n_ranks; ++distance) {  // not everyone to rank 0 first
      const int owner = (own_rank + distance) % n_ranks;
      send(*sum + slice_begins_[owner], slice_sizes_[owner], owner, partial.node.begin);
    }
    ++sum;
  }
}

template <class T>
void BucketSum<T>::receive(T* place, int n, int rank, int tag) {
  check_mpi(MPI_Irecv(place, n, mpi_type(T{}), rank, tag, communicator_.handle(),
                      &messages_.emplace_back()),
            "MPI_Irecv");
}

template <class T>
void BucketSum<T>::send(const T* place, int n, int rank, int tag) {
  check_mpi(MPI_Isend(place, n, mpi_type(T{}), rank, tag, communicator_.handle(),
                      &messages_.emplace_back()),
            "MPI_Isend");
}

template <class T>
bool BucketSum<T>::arrived() {
  int all = 0;
  check_mpi(
      MPI_Testall(static_cast<int>(messages_.size()), messages_.data(), &all, MPI_STATUSES_IGNORE),
      "MPI_Testall");
  return all != 0;
}

template <class T>
void BucketSum<T>::wait() {
  check_mpi(MPI_Waitall(static_cast<int>(messages_.size()), messages_.data(), MPI_STATUSES_IGNORE),
            "MPI_Waitall");
}

/// By single messages: a CUDA-aware MPI need not take device memory in a nonblocking collective
/// call, such as MPI_Iallgatherv.
template <class T>
void BucketSum<T>::gather() {
  auto next = partials_.begin();
  const T* own_slice = sum_of({0, n_leaves_}, next);
  const int own_rank = communicator_.rank(), n_ranks = communicator_.size();
  const int tag = n_leaves_;  // no node begins there
  T* all = own_.front();      // its partial sums are sent: free
  T* place = all + slice_begins_[own_rank];
  if (own_slice != place) memory_.move(own_slice, place, own_size());
  memory_.wait_for_sums();
  messages_.clear();
  for (int rank = 0; rank < n_ranks; ++rank)
    if (rank != own_rank) receive(all + slice_begins_[rank], slice_sizes_[rank], rank, tag);
  for (int distance = 1; distance < n_ranks; ++distance)
    send(place, own_size(), (own_rank + distance) % n_ranks, tag);
}

/// The own slice of tree(node); `next` is the leftmost partial sum in it and moves past it.
template <class T>
T* BucketSum<T>::sum_of(Leaves node, NextPartial& next) {
  if (next->node.begin == node.begin && next->node.end == node.end) return (next++)->slice;
  const int mid = right_child_begin(node);
  T* left = sum_of({node.begin, mid}, next);
  memory_.add(left, sum_of({mid, node.end}, next), own_size());
  return left;
}

template <class T>
void BucketSum<T>::bring_back() {
  memory_.bring_back(own_.front(), result_, end_ - begin_);
}

template class BucketSum<float>;
template class BucketSum<double>;

}  // namespace superpose::distributed
