#include "distributed/gradient_reduction.hpp"

#include <algorithm>
#include <limits>

#include "core/error.hpp"
#include "core/timer.hpp"

namespace superpose::distributed {
namespace {

std::size_t checked_size(std::size_t n_elements) {
  validate(n_elements <= static_cast<std::size_t>(std::numeric_limits<int>::max()), ExitCode::usage,
           "the model has {} parameters (MPI counts elements in 32 bits, as the matrices of Muon "
           "travel); lower model.n_embd or model.n_layer",
           n_elements);
  return n_elements;
}

}  // namespace

template <class T>
GradientReduction<T>::GradientReduction(const Communicator& communicator, std::size_t n_elements,
                                        int n_leaves, std::size_t bucket, ExchangePath path)
    : communicator_(communicator),
      n_elements_(checked_size(n_elements)),
      block_(leaves_of_rank(n_leaves, communicator.rank(), communicator.size())),
      sums_(n_elements, n_leaves, block_, exec_),
      memory_(path),
      final_from_(n_elements) {
  SUPERPOSE_EXPECT(bucket > 0);
  if (communicator.size() == 1) return;
  for (std::size_t end = n_elements; end > 0; end -= std::min(end, bucket))
    buckets_.emplace_back(communicator_.get(), memory_, n_leaves, end - std::min(end, bucket), end);
}

template <class T>
Vector<T> GradientReduction<T>::leaf_buffer() {
  final_from_ = n_elements_;
  return sums_.leaf_buffer();
}

template <class T>
void GradientReduction<T>::add_leaf() {
  if (!sums_.is_last_leaf()) {
    sums_.add_elements(0, n_elements_);
    return sums_.close_leaf();
  }
  sums_.add_elements(0, final_from_);
  final_from_ = 0;
  sums_.close_leaf();
  wait_for_sums_from(0);
  const Stopwatch watch;
  open_buckets_from(0);
  exposed_seconds_ += watch.seconds();
}

template <class T>
void GradientReduction<T>::final_from(std::size_t first) {
  SUPERPOSE_EXPECT(sums_.is_last_leaf() && first <= final_from_);
  sums_.add_elements(first, final_from_);
  final_from_ = first;
  wait_for_sums_from(first);
  const Stopwatch watch;
  send_opened();
  open_buckets_from(first);
  progress();
  overlapped_seconds_ += watch.seconds();
}

template <class T>
bool GradientReduction<T>::opens_buckets_from(std::size_t first) const {
  return n_open_ < buckets_.size() && buckets_[n_open_].begin() >= first;
}

/// MPI, and the queue that copies for it, know nothing of the kernels' order.
template <class T>
void GradientReduction<T>::wait_for_sums_from(std::size_t first) const {
  if (opens_buckets_from(first)) wait_for(exec_, "gradients that are exchanged are complete");
}

template <class T>
void GradientReduction<T>::open_buckets_from(std::size_t first) {
  while (opens_buckets_from(first)) buckets_[n_open_++].open(sums_);
  if (memory_.path() == ExchangePath::direct) send_opened();  // copies take until the next call
}

template <class T>
void GradientReduction<T>::send_opened() {
  if (n_sent_ == n_open_) return;
  memory_.wait_for_copies();
  while (n_sent_ < n_open_) buckets_[n_sent_++].send();
}

template <class T>
void GradientReduction<T>::progress() {
  while (n_gathering_ < n_sent_ && buckets_[n_gathering_].arrived())
    buckets_[n_gathering_++].gather();
  while (n_done_ < n_gathering_ && buckets_[n_done_].arrived()) buckets_[n_done_++].bring_back();
}

template <class T>
void GradientReduction<T>::finish_exchange() {
  send_opened();
  for (; n_gathering_ < buckets_.size(); ++n_gathering_) {
    buckets_[n_gathering_].wait();
    buckets_[n_gathering_].gather();
  }
  for (; n_done_ < buckets_.size(); ++n_done_) {
    buckets_[n_done_].wait();
    buckets_[n_done_].bring_back();
  }
  memory_.wait_for_copies();
  n_open_ = n_sent_ = n_gathering_ = n_done_ = 0;
}

template <class T>
Vector<T> GradientReduction<T>::reduce() {
  SUPERPOSE_EXPECT(sums_.complete());
  const Stopwatch watch;
  finish_exchange();
  const auto sum = sums_.node_sum(0);
  sums_.restart();
  exposed_seconds_ += watch.seconds();
  return sum;
}

template class GradientReduction<float>;
template class GradientReduction<double>;

}  // namespace superpose::distributed
