#pragma once
/// A few problems after a forward pass, on the host: what every measure reads.

#include <vector>

#include "analysis/probe_sequence.hpp"
#include "analysis/search_state.hpp"
#include "data/problem.hpp"
#include "model/network.hpp"

namespace superpose::analysis {

/// A problem ready to be probed.
struct ProbedProblem {
  int index;  ///< in the problem file
  const data::Problem* problem;
  Positions positions;
  SearchState search;
};

/// Forward pass over `sequences` without dropout, and the attention of every layer. Positions count
/// from 0 within a problem; layers and heads from 0.
class ProbedBatch {
 public:
  ProbedBatch(model::Network<float>& model, std::vector<ProbedProblem> problems,
              const std::vector<Sequence>& sequences);

  const std::vector<ProbedProblem>& problems() const { return problems_; }
  int n_layer() const { return static_cast<int>(maps_.size()); }
  int n_head() const { return n_head_; }
  int n_embd() const { return static_cast<int>(hidden_.extent(1)); }
  int vocab_size() const { return static_cast<int>(logits_.extent(1)); }
  /// Positions of problem p of the batch.
  int length(int p) const { return static_cast<int>(row_of_[p].size()); }

  /// q.k/sqrt(D) from position `query` to the positions 0..query.
  const float* attention_logits(int layer, int head, int p, int query) const {
    return &maps_[layer].logits(row_of_[p][query], head * longest_);
  }
  /// The softmax of these.
  const float* attention_weights(int layer, int head, int p, int query) const {
    return &maps_[layer].weights(row_of_[p][query], head * longest_);
  }
  /// [n_embd] final hidden state (after ln_f) of a position: a thought, if a latent token follows.
  const float* hidden(int p, int position) const { return &hidden_(row_of_[p][position], 0); }
  /// [vocab_size] next-token logits of a position.
  const float* logits(int p, int position) const { return &logits_(row_of_[p][position], 0); }
  /// Inner product of thought k = 1..H of problem p and the embedding of a node, summed in double.
  double inner_product(int p, int thought, int node) const;

 private:
  using HostMatrix = Kokkos::View<const float**, Kokkos::LayoutRight, Kokkos::HostSpace>;
  struct Map {
    HostMatrix logits, weights;  ///< [R,NH*T]
  };

  void find_rows(const model::PackedBatch& batch, const std::vector<Sequence>& sequences);
  void copy_results(const model::Network<float>& model, const model::PackedBatch& batch);

  std::vector<ProbedProblem> problems_;
  int n_head_ = 0, longest_ = 0;
  std::vector<std::vector<int>> row_of_;  ///< [problem][position]; every row is an output
  std::vector<Map> maps_;                 ///< [layer]
  HostMatrix hidden_, logits_;            ///< [R,C], [R,V]
  HostMatrix embedding_;                  ///< [V,C]
};

}  // namespace superpose::analysis
