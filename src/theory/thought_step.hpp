#pragma once
/// One step of thought generation as EoS (arXiv 2509.23365) analyses it: linear attention from a
/// thought that holds lambda_u on u in N_c, the nodes within c steps of the root, to the edges of
/// the graph, K = |N_c|, lambda_u = 1 / sqrt(K). With W[u, s] the match of node u with source s,
/// the logit of symbol v is
///   xi_v = lambda_v 1{v in N_c} + sum over edges (s, v) of sum over u in N_c of lambda_u W[u, s].
/// A problem is drawn with its nodes permuted over V symbols; the population gradient at a W that
/// is mu on the diagonal and nu off it points along such matrices again, so from W = 0 the flow
/// stays among them. There, with d_v the edges from N_c into v and D_v all edges into v,
///   xi_v = (1{v in N_c} + mu d_v + nu (K D_v - d_v)) / sqrt(K).
/// EoS Theorem 1 is about mu, the index-matching logit, with nu = 0, under both losses. (Theorem 2
/// is the expansion of a thought by one step for mu > 0. The labels are those of v3 as two public
/// summaries quote it; the paper itself was not at hand.) nu' carries a factor 1 / (V - 1), so at a
/// given time nu is the smaller the larger V is. It does take part in where a flow comes to rest.

#include <array>
#include <cstdint>
#include <vector>

#include "core/enum_names.hpp"
#include "data/problem.hpp"

namespace superpose::theory {

/// The two losses of EoS: cross-entropy on one node p of N_(c+1), or the probability of all of it.
enum class Loss { coconut, coconut_bfs };
constexpr std::array<const char*, 2> names_of(Loss) {
  return {"coconut", "bfs"};
}

/// Symbols that a step does not tell apart. Their logits are equal.
struct SymbolClass {
  bool inside = false;        ///< in N_c
  bool next = false;          ///< in N_(c+1)
  std::int32_t d = 0;         ///< edges from N_c into it
  std::int32_t degree = 0;    ///< D, all edges into it
  std::int32_t count = 0;     ///< symbols of the class
  std::int32_t labelled = 0;  ///< of them the label p of the coconut loss: 0 or 1
};

struct ThoughtStep {
  std::int64_t symbols = 0;  ///< V
  std::int64_t K = 0;        ///< |N_c|
  std::int64_t d_p = 0;      ///< d of the label
  std::int64_t d_max = 0;    ///< largest d
  std::vector<SymbolClass> classes;
};

/// Step c (from thought c to c + 1, 0 <= c < hops) of a problem among `symbols` >= n_nodes symbols.
/// `label` is the node p of the coconut loss, in N_(c+1).
ThoughtStep thought_step(const data::Problem& problem, int c, int label, int symbols);

/// The label of step c: a node of optimal[c + 1], drawn from (seed, index, c).
int draw_label(const data::Problem& problem, int c, std::uint64_t seed, std::uint64_t index);

/// W on the diagonal and off it.
struct IndexMatching {
  double mu = 0;
  double nu = 0;
};

/// F(mu) = sum_v softmax(xi)_v d_v at nu = 0 (EoS Theorem 1); increasing in mu from 0 to d_max.
double expected_degree(const ThoughtStep& step, double mu);

/// Velocity of the flow at rate alpha = V, which puts time in units of V / alpha:
///   mu' = sum_v g_v d_v / sqrt(K),   nu' = sum_v g_v (K D_v - d_v) / (sqrt(K) (V - 1)),
/// g = -dLoss / dxi. For nu = 0 mu' is (d_p - F) / sqrt(K) under coconut (EoS Theorem 1), and
/// positive under coconut_bfs as long as symbols lie outside N_(c+1) (Theorem 1 too).
IndexMatching velocity(const ThoughtStep& step, Loss loss, const IndexMatching& w);

}  // namespace superpose::theory
