#pragma once
/// Stochastic gradient descent on the whole matrix W of EoS (arXiv 2509.23365), V x V, from zero,
/// over problems whose nodes are permuted at every draw. Theorem 1 says that the diagonal follows
/// the flow of mu and the rest stays small; W may do anything here.

#include <array>
#include <cstdint>
#include <vector>

#include "data/problem.hpp"
#include "theory/thought_step.hpp"

namespace superpose::theory {

struct SgdSettings {
  Loss loss = Loss::coconut;
  int symbols = 0;           ///< V
  int steps = 0;             ///< at least 1
  int batch = 1;             ///< problems a step
  double learning_rate = 0;  ///< flow time of a step: W moves by V learning_rate times the gradient
  std::uint64_t seed = 0;
};

/// W at one moment: its diagonal, and the rest.
struct MatrixState {
  double diagonal = 0;         ///< mean
  double diagonal_spread = 0;  ///< standard deviation over symbols
  double rest = 0;             ///< mean off the diagonal
  double rest_rms = 0;
  double rest_largest = 0;  ///< in absolute value
};

inline constexpr int sgd_records = 32;

/// The steps after which W is recorded: sgd_records of them, evenly up to the last.
std::vector<int> recorded_steps(const SgdSettings& settings);

/// Trivially copyable: travels between ranks.
using SgdHistory = std::array<MatrixState, sgd_records>;

/// One run over steps (problem, c) drawn evenly from all problems and c < hops, labels as the
/// flow's (draw_label). Depends on (seed, replica) and not on other replicas.
SgdHistory sgd_full_matrix(const std::vector<data::Problem>& problems, const SgdSettings& settings,
                           std::uint64_t replica);

}  // namespace superpose::theory
