#pragma once
/// What `superpose theory forward` writes and prints (io/FORMAT.md, superpose_theory).

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "io/history.hpp"

namespace superpose::theory {

/// The simplified transformer on one problem at one index-matching logit mu.
struct ForwardMeasure {
  std::int64_t thoughts = 0;   ///< run: from the thought before, and from one uniform over N_c
  std::int64_t exact = 0;      ///< those that hold all of N_(c+1) and nothing else
  double thought_error = 0;    ///< largest relative difference of a logit from the closed form
  double answer_error = 0;     ///< the same of the answer's logits
  double smallest_weight = 1;  ///< of a node of N_(c+1) in a normalised thought
  std::int64_t right = 0;      ///< 1: the target's logit alone is the largest, mu_A = mu_R = 1
};

/// mu = 10^e for -decades <= e <= decades.
inline constexpr int most_decades = 24;
using ForwardMeasures = std::array<ForwardMeasure, 2 * most_decades + 1>;

/// Trivially copyable: travels between ranks.
struct ForwardResult {
  std::int64_t n_nodes = 0, n_edges = 0, hops = 0;
  ForwardMeasures by_mu{};  ///< [e + decades]
};

io::Table expansion_table(const std::vector<ForwardResult>& problems, int decades);
io::Table forward_table(const std::vector<ForwardResult>& problems, int decades);

std::string text(const std::vector<ForwardResult>& problems, int decades);

}  // namespace superpose::theory
