#pragma once
/// Bounds of the index-matching logit mu(t) from both sides (ours; EoS, arXiv 2509.23365, Theorem 1
/// has mu under the BFS loss grow at least like log t). nu = 0, time in V / alpha.
///
/// With a_v = 1{v in N_c} / sqrt(K), so that xi_v = a_v + mu d_v / sqrt(K), and sums over symbols
///   Z = sum of exp(a_v),  B = sum over d_v = d_max of exp(a_v),  M symbols outside N_(c+1):
///
/// BFS loss. mu' = E[d | N_(c+1)] (1 - S) / sqrt(K), where E rises with mu from E_0 to at most
/// d_max and 1 - S lies between M / (Z e^(b mu)) and M / (B e^(b mu)), b = d_max / sqrt(K). So
///   log(1 + b E_0 M t / (sqrt(K) Z)) / b  <=  mu  <=  log(1 + b^2 M t / B) / b.
/// Coconut loss, d_p = d_max. mu' = E[d_max - d] / sqrt(K). With d_2 the largest d below d_max,
///   b = (d_max - d_2) / sqrt(K),  C = sum of exp(a_v) (d_max - d_v),  C_2 its part with d_v = d_2:
///   log(1 + b C_2 t / (sqrt(K) Z)) / b  <=  mu  <=  log(1 + b C t / (sqrt(K) B)) / b.
/// Coconut loss, d_p < d_max. mu* - mu shrinks at a rate of the variance of d over K, between its
/// least value m and its largest L on the way (L: Popoviciu; m: each symbol at its least
/// probability):  mu* (1 - e^(-m t))  and  mu* (1 - e^(-L t)).

#include "theory/thought_step.hpp"

namespace superpose::theory {

struct Bounds {
  double low = 0, high = 0;
};

/// The bounds of one step under one loss.
class FlowBounds {
 public:
  FlowBounds(const ThoughtStep& step, Loss loss);
  Bounds at(double t) const;

 private:
  void bound_bfs(const ThoughtStep& step);
  void bound_growth(const ThoughtStep& step);
  void bound_approach(const ThoughtStep& step, double star);

  bool rests_ = false;
  double rate_ = 0;             ///< b
  double slow_ = 0, fast_ = 0;  ///< factors of t: inside the logarithm; m and L
  double star_ = 0;             ///< mu*
};

}  // namespace superpose::theory
