#pragma once
/// How evenly a step of thought generation weighs the traces it follows, the nodes of N_(c+1): EoS
/// (arXiv 2509.23365) has a bounded index-matching logit keep comparable weights on several of
/// them, where an unbounded one commits itself to those with most edges.

#include <array>
#include <cstdint>
#include <vector>

#include "core/enum_names.hpp"
#include "core/moments.hpp"
#include "theory/thought_step.hpp"

namespace superpose::theory {

/// Which weights. thought: squared, of the normalised logits fed back; softmax: the probabilities
/// of the next node; both among N_(c+1).
enum class TraceWeights { thought, softmax };
constexpr std::array<const char*, 2> names_of(TraceWeights) {
  return {"thought", "softmax"};
}

struct Evenness {
  double entropy = 0;    ///< nat
  double effective = 0;  ///< number of nodes with that entropy: its exponential
  double share = 0;      ///< of the largest entropy possible, 0 to 1; NaN for a single node
};

/// Of a step at index-matching logit mu, nu = 0, thought c uniform over N_c.
Evenness evenness(const ThoughtStep& step, TraceWeights weights, double mu);

/// The flows that are averaged apart.
enum class FlowGroup {
  bounded,    ///< coconut loss, d_p < d_max: mu comes to rest
  unbounded,  ///< coconut loss, d_p = d_max: mu grows
  bfs,        ///< BFS loss: mu grows
};
constexpr std::array<const char*, 3> names_of(FlowGroup) {
  return {"bounded", "unbounded", "bfs"};
}

/// Over steps, at one time; steps whose N_(c+1) is a single node are left out. Trivially copyable.
struct EvennessMoments {
  std::array<std::array<Moments, 2>, 3> share{}, effective{};  ///< [FlowGroup][TraceWeights]

  void add(FlowGroup group, const ThoughtStep& step, double mu);
  void add(const EvennessMoments& other);
};

}  // namespace superpose::theory
