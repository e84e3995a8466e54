#pragma once
/// The free constants of the construction (RbS, arXiv 2505.12514, Theorem 1, Appendix B), by the
/// paper's rule or by ours. The paper states thresholds and xi, and asks for eta and tau "large
/// enough"; here each follows from the sizes.

#include <array>

#include "core/enum_names.hpp"
#include "theory/position_encoding.hpp"

namespace superpose::theory {

/// What the constants have to serve.
struct Sizes {
  int n_max = 0;  ///< nodes of a graph
  int e_max = 0;  ///< edges of a graph
  int t_max = 0;  ///< positions of a sequence: prompt, thoughts and [A]
};

enum class ConstantsRule { ours, paper };

constexpr std::array<const char*, 2> names_of(ConstantsRule) {
  return {"ours", "paper"};
}

/// Our rule. `safety` = 16 is the factor by which noise stays below a threshold, twice is how far
/// signals stay above it: 16 leaves bfloat16 (8 bits) room for the rounding of a sum.
///
/// Layer 1. A chooser puts at least 1 - leak of its attention on the position it chooses, because
/// every other logit is eta Delta smaller:  eta = ln((t_max - 1) / leak) / Delta.
///   sinusoidal  a position that does not hold x attends to the first one although g(i-l-j) pulls
///               elsewhere, by at most g(0) - min g:  xi = (g(0) - min g + Delta) / Delta
///   rope (ours) offsets and first position use different planes; the slowest one, which marks the
///               first position, has turned by t_max / M:  xi = Delta / cos(t_max / M)
///   rope_position  as sinusoidal, with D, the smallest lead of the first position over another
///               one in the slowest plane, for Delta:  xi = (g(0) - min g + Delta) / D,
///               D = cos(1 / M) - cos(2 / M), which is 1.5e-8
/// A thought holds 1 / sqrt(|V_c|) >= 1 / sqrt(n_max) of a node: eps_1 is half of that. Three
/// choosers write to one buffer: leak = eps_1 / (3 safety).
///
/// Layer 2. Of the m <= e_max edges that leave V_c each gets 1 / m of the attention and carries
/// 1 / sqrt(3) (its position holds `<e>`, source and target): eps_2 = 1 / (2 sqrt(3) e_max). A
/// query holds at least 1 / sqrt(n_max + 1) of each node of V_c (or of [A]), a key 1 / sqrt(3). The
/// attention of the other edges into one node adds up to at most e_max exp(-gap of the logits), to
/// be below eps_2 by `safety`:  kappa = sqrt(3 (n_max + 1)) ln(2 safety e_max^2).
///
/// The paper's rule; n stands for n_max, T for t_max, E for eps_T of Lemma 5 (gap_by_planes).
///   eps_1 = 1 / (2 sqrt n), leak = eps_1 / 5 (Proposition B.2);  eps_2 = 1 / (4 n) (B.4)
///   xi = 2 d_PE / (smallest lead of the first position): g(0) - g(k) (Lemma 3), or D with d_TE =
///   d_pe - 2 in the place of d_PE, which Lemma 6 leaves open
///   eta: the least that inequality (3) admits, exp(eta E) / (exp(eta E) + T - 1) >= 1 - leak
///   kappa (tau): the least for which B.3's errors stay below 1 / (16 n T), as B.4 asks:
///   sqrt(3 n) ln(16 n T^2)
/// eps_2 is where they part: B.3 gives a newly reached node 1 / (sqrt(3) |I_c|), I_c the attended
/// EDGES, and B.4 reads |Delta_c|, the reached NODES. With more than about 2.3 n attended edges the
/// weight is below 1 / (4 n), and the node is lost (threshold_study.hpp).
struct Constants {
  ConstantsRule rule = ConstantsRule::ours;
  Encoding encoding = Encoding::sinusoidal;
  Sizes sizes;
  int d_pe = 0;      ///< width of the positions
  double delta = 0;  ///< Delta, the gap of the position encoding; the paper's rule: eps_T
  double leak = 0;   ///< attention of a chooser off the position it chooses, at most
  double eta = 0;    ///< scale of the keys of layer 1
  double xi = 0;     ///< weight of the first position against the one l before
  double kappa = 0;  ///< scale of the queries of layer 2; the paper's tau, of the keys
  double eps_1 = 0;  ///< threshold of the MLP of layer 1
  double eps_2 = 0;  ///< threshold of the MLP of layer 2

  /// The largest logit of layer 1 in absolute value, by which rounding errors scale. A thought
  /// reads <u_notx, h> = sqrt(|V_c|) where a token reads 1.
  double largest_logit() const;
  /// By how much a chooser's logit at the right position leads, at least.
  double lead() const { return eta * delta; }
};

inline constexpr double safety = 16;

/// Whether the rule has constants for a chooser: the paper knows nothing of ours.
inline bool has_constants(ConstantsRule rule, Encoding encoding) {
  return rule == ConstantsRule::ours || encoding != Encoding::rope;
}

/// d_pe = 0: by choose_d_pe; rope_position: the paper's d_TE + 2, d_TE = |Voc|. Error (usage) if no
/// constants do: `rope` beyond our M pi / 2 positions or by the paper's rule, rope_position beyond
/// the paper's M positions, or a far position that imitates a near one.
Constants choose_constants(Encoding encoding, const Sizes& sizes, int d_pe = 0,
                           ConstantsRule rule = ConstantsRule::ours);

}  // namespace superpose::theory
