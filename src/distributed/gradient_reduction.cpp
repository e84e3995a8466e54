#include "distributed/gradient_reduction.hpp"

#include <algorithm>
#include <limits>

#include "core/error.hpp"
#include "core/timer.hpp"

namespace superpose::distributed {
namespace {

MPI_Datatype mpi_type(float) {
  return MPI_FLOAT;
}
MPI_Datatype mpi_type(double) {
  return MPI_DOUBLE;
}

template <class T>
void add(T* __restrict sum, const T* __restrict other, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sum[i] += other[i];
}

std::size_t checked_size(std::size_t n_elements) {
  validate(n_elements <= static_cast<std::size_t>(std::numeric_limits<int>::max()), ExitCode::usage,
           "the model has {} parameters (MPI counts elements in 32 bits) lower model.n_embd or "
           "model.n_layer",
           n_elements);
  return n_elements;
}

}  // namespace

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
void LeafSums<T>::add_leaf() {
  SUPERPOSE_EXPECT(!complete() && depth_ < sums_.size());
  ++depth_;
  for (int folds = nodes_completed_by(next_leaf_, n_leaves_, block_); folds > 0; --folds) {
    --depth_;
    add(sums_[depth_ - 1].data(), sums_[depth_].data(), n_elements_);
  }
  ++next_leaf_;
}

template <class T>
void LeafSums<T>::restart() {
  next_leaf_ = block_.begin;
  depth_ = 0;
}

template <class T>
GradientReduction<T>::GradientReduction(const Communicator& communicator, std::size_t n_elements,
                                        int n_leaves)
    : communicator_(communicator),
      n_elements_(checked_size(n_elements)),
      n_leaves_(n_leaves),
      block_(leaves_of_rank(n_leaves, communicator.rank(), communicator.size())),
      sums_(n_elements, n_leaves, block_) {
  cut_into_slices();
  list_partials();
}

template <class T>
void GradientReduction<T>::cut_into_slices() {
  const int n_ranks = communicator_.size();
  for (int rank = 0; rank <= n_ranks; ++rank)
    slice_begins_.push_back(static_cast<int>(n_elements_ * rank / n_ranks));
  for (int rank = 0; rank < n_ranks; ++rank)
    slice_sizes_.push_back(slice_begins_[rank + 1] - slice_begins_[rank]);
}

template <class T>
void GradientReduction<T>::list_partials() {
  const int n_ranks = communicator_.size();
  const std::size_t own_size = slice_sizes_[communicator_.rank()];
  std::size_t n_received = 0;
  for (int rank = 0; rank < n_ranks; ++rank)
    for (Leaves node : largest_nodes(n_leaves_, leaves_of_rank(n_leaves_, rank, n_ranks))) {
      partials_.push_back({node, rank, nullptr});
      if (rank != communicator_.rank()) ++n_received;
    }
  received_.resize(n_received * own_size);
  T* slot = received_.data();
  for (Partial& partial : partials_) {
    if (partial.rank == communicator_.rank()) continue;
    partial.slice = slot;
    slot += own_size;
  }
}

template <class T>
T* GradientReduction<T>::reduce() {
  SUPERPOSE_EXPECT(sums_.complete());
  const Stopwatch watch;
  requests_.clear();
  receive_partials();
  send_partials();
  check_mpi(MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE),
            "MPI_Waitall");
  auto next = partials_.begin();
  const T* own_slice = sum_of({0, n_leaves_}, next);
  T* sum = sums_.node_sum(0);  // all partial sums are sent and added: its memory is free
  T* place = sum + slice_begins_[communicator_.rank()];
  if (own_slice != place) std::copy_n(own_slice, slice_sizes_[communicator_.rank()], place);
  allgather_slices(sum);
  sums_.restart();
  exposed_seconds_ += watch.seconds();
  return sum;
}

template <class T>
void GradientReduction<T>::receive_partials() {
  for (const Partial& partial : partials_) {
    if (partial.rank == communicator_.rank()) continue;
    check_mpi(
        MPI_Irecv(partial.slice, slice_sizes_[communicator_.rank()], mpi_type(T{}), partial.rank,
                  partial.node.begin, communicator_.handle(), &requests_.emplace_back()),
        "MPI_Irecv");
  }
}

template <class T>
void GradientReduction<T>::send_partials() {
  const int own_rank = communicator_.rank(), n_ranks = communicator_.size();
  std::size_t n_own = 0;
  for (Partial& partial : partials_) {
    if (partial.rank != own_rank) continue;
    T* sum = sums_.node_sum(n_own++);
    partial.slice = sum + slice_begins_[own_rank];
    for (int distance = 1; distance < n_ranks; ++distance) {  // not everyone to rank 0 first
      const int owner = (own_rank + distance) % n_ranks;
      check_mpi(MPI_Isend(sum + slice_begins_[owner], slice_sizes_[owner], mpi_type(T{}), owner,
                          partial.node.begin, communicator_.handle(), &requests_.emplace_back()),
                "MPI_Isend");
    }
  }
}

/// The own slice of tree(node); `next` is the leftmost partial sum in it and moves past it.
template <class T>
T* GradientReduction<T>::sum_of(Leaves node, NextPartial& next) {
  if (next->node.begin == node.begin && next->node.end == node.end) return (next++)->slice;
  const int mid = right_child_begin(node);
  T* left = sum_of({node.begin, mid}, next);
  const T* right = sum_of({mid, node.end}, next);
  add(left, right, slice_sizes_[communicator_.rank()]);
  return left;
}

template <class T>
void GradientReduction<T>::allgather_slices(T* sum) {
  check_mpi(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, sum, slice_sizes_.data(),
                           slice_begins_.data(), mpi_type(T{}), communicator_.handle()),
            "MPI_Allgatherv");
}

template class LeafSums<float>;
template class LeafSums<double>;
template class GradientReduction<float>;
template class GradientReduction<double>;

}  // namespace superpose::distributed
