#pragma once
/// Losses of the passes of a batch on their way to the host: copied after the kernels that compute
/// them, and read once all of the batch is launched.

#include <vector>

#include "core/types.hpp"

namespace superpose::train {

class PassLosses {
 public:
  /// Begins to copy the losses of the batch's next pass, one of leaf number `leaf`.
  void add(const Exec& exec, std::size_t leaf, const Vector<const float>& losses);

  /// Calls receive(leaf, sum of losses [nats]) pass by pass, and begins anew. The copies have been
  /// waited for.
  template <class Receive>
  void take(const Receive& receive) {
    for (std::size_t i = 0; i < passes_.size(); ++i) receive(passes_[i].leaf, sum(i));
    passes_.clear();
  }

 private:
  struct Pass {
    std::size_t leaf;
    int n_losses;
  };
  double sum(std::size_t pass) const;
  const HostVector<float>& buffer_of(std::size_t pass, std::size_t n);

  std::vector<Pass> passes_;
  std::vector<HostVector<float>> buffers_;  // [passes], kept from batch to batch
  std::size_t capacity_ = 0;                // of a buffer that is made or grows
};

}  // namespace superpose::train
