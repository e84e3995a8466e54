#pragma once
/// The part of a chooser's logits that depends on positions only, in number format X.

#include <vector>

#include "theory/constants.hpp"
#include "theory/precision.hpp"

namespace superpose::theory {

/// Query and key of layer 1 (RbS Lemmas 3 and 6; rope: ours, see position_encoding.hpp), positions
/// counted from 0:
///   sinusoidal  q_i = [p_i ; xi <u_notx, h_i> p_0]           k_j = eta [p_(j+l) ; p_j]
///   rope        q_i = R_i (<u_x, h_i> R_(-l) z + xi <u_notx, h_i> s)
///               k_j = R_j eta (<u_all, h_j> z + <u_first, h_j> s)
///   rope_position  q_i = R_i (z + xi <u_notx, h_i> R_(-t_max) s)   k_j = R_j eta (R_l z + s)
/// with p_(j+l) the turn of p_j by l positions, R_i the turn by i positions, z one unit point in
/// each plane but the slowest, s one in the slowest. Lemma 6's z and s are read from a coordinate
/// that is 1 in every embedding. The contents enter as scalars, so the products
/// of the position parts are the same for all sequences. Operands are rounded to X, products summed
/// in Real<X>.
template <class X>
class PositionOperands {
 public:
  explicit PositionOperands(const Constants& constants);
  std::vector<X> offset_query(int l, int i) const;  ///< p_i; R_i R_(-l) z; R_i z
  std::vector<X> offset_key(int l, int j) const;    ///< eta p_(j+l); R_j eta z; R_j eta R_l z
  std::vector<X> first_query(int i) const;          ///< xi p_0; R_i xi s; R_i xi R_(-t_max) s
  std::vector<X> first_key(int j) const;            ///< eta p_j, or R_j eta s

 private:
  Constants constants_;
  std::vector<double> w_, slowest_;
  std::size_t planes_;  ///< that tell offsets
};

/// sum a_m b_m in Real<X>.
template <class X>
Real<X> dot(const std::vector<X>& a, const std::vector<X>& b);

/// The products of a sequence's positions.
template <class X>
class PositionScores {
 public:
  using R = Real<X>;

  /// Products for positions 0 .. constants.sizes.t_max - 1; computed when first asked for.
  explicit PositionScores(const Constants& constants);

  /// [j], 0 <= j <= i: match of position i with the one l after j; largest at j = i - l. l is 1
  /// or 2.
  const std::vector<R>& offset(int l, int i);

  /// Match of position j with the first one, as position i sees it; times <u_notx, h_i>. With rope
  /// it is what the first position gets, and no other one: see Construction::rope_logits.
  R first(int i, int j) const;

 private:
  void fill_first(int t_max);

  Encoding encoding_;
  PositionOperands<X> operands_;
  std::vector<std::vector<X>> keys_[2];                     ///< [l - 1][j]
  std::vector<std::vector<R>> offsets_[2];                  ///< [l - 1][i], empty until asked for
  std::vector<R> first_;                                    ///< [j] sinusoidal, [i - j] rope
  std::vector<std::vector<X>> first_queries_, first_keys_;  ///< [i], [j] rope_position
};

extern template class PositionOperands<double>;
extern template class PositionOperands<float>;
extern template class PositionOperands<bfloat16>;
extern template class PositionScores<double>;
extern template class PositionScores<float>;
extern template class PositionScores<bfloat16>;

}  // namespace superpose::theory
