#pragma once
/// The free constants of the construction (RbS, arXiv 2505.12514, Theorem 1 and Lemmas 3 to 6). The
/// paper asks for constants that are large or small enough; here each follows from the sizes.

#include "theory/position_encoding.hpp"

namespace superpose::theory {

/// What the constants have to serve.
struct Sizes {
  int n_max = 0;  ///< nodes of a graph
  int e_max = 0;  ///< edges of a graph
  int t_max = 0;  ///< positions of a sequence: prompt, thoughts and [A]
};

/// The rule. `safety` = 16 is the factor by which noise stays below a threshold, twice is how far
/// signals stay above it: 16 leaves bfloat16 (8 bits) room for the rounding of a sum.
///
/// Layer 1. A chooser puts at least 1 - leak of its attention on the position it chooses, because
/// every other logit is eta Delta smaller:  eta = ln((t_max - 1) / leak) / Delta.
///   sinusoidal  a position that does not hold x attends to the first one although g(i-l-j) pulls
///               elsewhere, by at most g(0) - min g:  xi = (g(0) - min g + Delta) / Delta
///   RoPE        offsets and first position use different planes; the slowest one, which marks the
///               first position, has turned by t_max / M:  xi = Delta / cos(t_max / M)
/// A thought holds 1 / sqrt(|V_c|) >= 1 / sqrt(n_max) of a node: eps_1 is half of that. Three
/// choosers write to one buffer: leak = eps_1 / (3 safety).
///
/// Layer 2. Of the m <= e_max edges that leave V_c each gets 1 / m of the attention and carries
/// 1 / sqrt(3) (its position holds `<e>`, source and target): eps_2 = 1 / (2 sqrt(3) e_max). A
/// query holds at least 1 / sqrt(n_max + 1) of each node of V_c (or of [A]), a key 1 / sqrt(3). The
/// attention of the other edges into one node adds up to at most e_max exp(-gap of the logits), to
/// be below eps_2 by `safety`:  kappa = sqrt(3 (n_max + 1)) ln(2 safety e_max^2).
struct Constants {
  Encoding encoding = Encoding::sinusoidal;
  Sizes sizes;
  int d_pe = 0;      ///< width of the positions
  double delta = 0;  ///< Delta, the gap of the position encoding (position_encoding.hpp)
  double leak = 0;   ///< attention of a chooser off the position it chooses, at most
  double eta = 0;    ///< scale of the keys of layer 1
  double xi = 0;     ///< weight of the first position against the one l before
  double kappa = 0;  ///< scale of the queries of layer 2
  double eps_1 = 0;  ///< threshold of the MLP of layer 1
  double eps_2 = 0;  ///< threshold of the MLP of layer 2

  /// The largest logit of layer 1 in absolute value, by which rounding errors scale. A thought
  /// reads <u_notx, h> = sqrt(|V_c|) where a token reads 1.
  double largest_logit() const;
};

inline constexpr double safety = 16;

/// d_pe = 0: by choose_d_pe. Error (usage) if no constants do: RoPE beyond M pi / 2 positions, or a
/// far position that imitates a near one.
Constants choose_constants(Encoding encoding, const Sizes& sizes, int d_pe = 0);

}  // namespace superpose::theory
