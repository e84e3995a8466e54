#pragma once
/// The prediction stage of EoS (arXiv 2509.23365), Theorem 3: the answer's logits are
///   xi_v = mu_A lambda_v 1{v in N_C} + mu_R (1{v = c1} + 1{v = c2}),
/// residual carryover of the last thought and candidate lift; cross-entropy on c*, the candidate in
/// N_C. The other symbols v lose to c* by the margins a_v . (mu_A, mu_R):
///   v in N_C   (lambda_c* - lambda_v, 1)
///   v = c'     (lambda_c*, 0)
///   all else   (lambda_c*, 1)

#include <cstdint>
#include <vector>

#include "data/problem.hpp"
#include "theory/stiff_flow.hpp"

namespace superpose::theory {

/// Symbols with the same margin.
struct MarginClass {
  Pair a{};  ///< (of mu_A, of mu_R)
  double count = 0;
};

/// One problem: the margins of all symbols but c*.
struct Prediction {
  std::int64_t K = 0;  ///< |N_C|
  std::vector<MarginClass> margins;
};

/// [node] lambda of the last thought, C = H: 1 / sqrt(K) on N_C.
std::vector<double> uniform_thought(const data::Problem& problem);

/// [node] lambda of the last thought that linear attention with index-matching logit mu makes
/// (thought_step.hpp): from the root alone, H times lambda <- xi / ||xi||_2, the LayerNorm of RbS.
std::vector<double> flow_thought(const data::Problem& problem, double mu);

/// The problem among `symbols` symbols, given its last thought.
Prediction prediction(const data::Problem& problem, const std::vector<double>& lambda, int symbols);

/// (mu_A, mu_R).
double smallest_margin(const std::vector<Prediction>& set, const Pair& mu);

/// Share of problems whose margins are all positive.
double accuracy(const std::vector<Prediction>& set, const Pair& mu);

/// Mean of -log softmax(xi)_c*, nat.
double loss(const std::vector<Prediction>& set, const Pair& mu);

/// -gradient of the loss times exp(log_factor); finite where the product is, however small the
/// gradient.
Pair descent(const std::vector<Prediction>& set, const Pair& mu, double log_factor = 0);

/// The unit vector whose smallest margin over the set is largest. For uniform lambda and any
/// mixture of K it is (sqrt(K_max), 1) / norm.
Pair max_margin_direction(const std::vector<Prediction>& set);

/// ||x / |x| - direction||, 0 for x along the unit vector `direction`.
double off_direction(const Pair& x, const Pair& direction);

/// (mu_A, mu_R) of the gradient flow from 0 at each of the ascending s = log(1 + t), s[0] = 0. In s
/// the velocity is (1 + t) times the gradient's, which stays of order 1 to any t.
std::vector<Pair> prediction_flow(const std::vector<Prediction>& set, const std::vector<double>& s);

/// 0, then 8 times a decade of s from 0.1 to log(10^decades).
std::vector<double> log_times(double decades);

}  // namespace superpose::theory
