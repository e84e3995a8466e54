#include "theory/position_scores.hpp"

#include <cmath>

#include "core/error.hpp"

namespace superpose::theory {
namespace {

/// scale (cos, sin)(angle w_j) for the first `planes` planes of w.
template <class X>
std::vector<X> points(const std::vector<double>& w, std::size_t planes, double angle,
                      double scale) {
  std::vector<X> p;
  p.reserve(2 * planes);
  for (std::size_t j = 0; j < planes; ++j) {
    p.push_back(rounded<X>(scale * std::cos(angle * w[j])));
    p.push_back(rounded<X>(scale * std::sin(angle * w[j])));
  }
  return p;
}

/// The points of p turned and scaled by those of `turn`, plane by plane.
template <class X>
std::vector<X> turned(const std::vector<X>& p, const std::vector<X>& turn) {
  std::vector<X> k(p.size());
  for (std::size_t m = 0; m < p.size(); m += 2) {
    const Real<X> c = turn[m], s = turn[m + 1], x = p[m], y = p[m + 1];
    k[m] = static_cast<X>(c * x - s * y);
    k[m + 1] = static_cast<X>(s * x + c * y);
  }
  return k;
}

}  // namespace

template <class X>
Real<X> dot(const std::vector<X>& a, const std::vector<X>& b) {
  Real<X> sum = 0;
  for (std::size_t m = 0; m < a.size(); ++m)
    sum += static_cast<Real<X>>(a[m]) * static_cast<Real<X>>(b[m]);
  return sum;
}

template <class X>
PositionOperands<X>::PositionOperands(const Constants& constants)
    : constants_(constants), w_(frequencies(constants.d_pe)), slowest_{w_.back()} {
  planes_ = w_.size() - (is_rotary(constants.encoding) ? 1 : 0);
}

template <class X>
std::vector<X> PositionOperands<X>::offset_query(int l, int i) const {
  return points<X>(w_, planes_, constants_.encoding == Encoding::rope ? i - l : i, 1);
}

/// With sinusoidal positions p_(j+l) is made of p_j by the turn that the key matrix holds; in Lemma
/// 6 the key matrix holds R_l z, which position j turns.
template <class X>
std::vector<X> PositionOperands<X>::offset_key(int l, int j) const {
  if (constants_.encoding == Encoding::rope) return points<X>(w_, planes_, j, constants_.eta);
  return turned(points<X>(w_, planes_, j, 1), points<X>(w_, planes_, l, constants_.eta));
}

template <class X>
std::vector<X> PositionOperands<X>::first_query(int i) const {
  if (constants_.encoding == Encoding::rope) return points<X>(slowest_, 1, i, constants_.xi);
  if (constants_.encoding == Encoding::rope_position)
    return points<X>(slowest_, 1, i - constants_.sizes.t_max, constants_.xi);
  return points<X>(w_, planes_, 0, constants_.xi);
}

template <class X>
std::vector<X> PositionOperands<X>::first_key(int j) const {
  if (is_rotary(constants_.encoding)) return points<X>(slowest_, 1, j, constants_.eta);
  return points<X>(w_, planes_, j, constants_.eta);
}

template <class X>
PositionScores<X>::PositionScores(const Constants& constants)
    : encoding_(constants.encoding), operands_(constants) {
  const int t_max = constants.sizes.t_max;
  for (int l = 1; l <= 2; ++l) {
    offsets_[l - 1].resize(t_max);
    for (int j = 0; j < t_max; ++j) keys_[l - 1].push_back(operands_.offset_key(l, j));
  }
  fill_first(t_max);
}

/// Sinusoidal: the first position's query is the same everywhere. rope: its key is at j = 0.
template <class X>
void PositionScores<X>::fill_first(int t_max) {
  for (int k = 0; k < t_max; ++k) {
    if (encoding_ == Encoding::rope_position) {
      first_queries_.push_back(operands_.first_query(k));
      first_keys_.push_back(operands_.first_key(k));
    } else {
      first_.push_back(encoding_ == Encoding::rope
                           ? dot(operands_.first_query(k), operands_.first_key(0))
                           : dot(operands_.first_query(0), operands_.first_key(k)));
    }
  }
}

template <class X>
const std::vector<Real<X>>& PositionScores<X>::offset(int l, int i) {
  SUPERPOSE_EXPECT((l == 1 || l == 2) && i >= 0 && i < static_cast<int>(keys_[0].size()));
  auto& row = offsets_[l - 1][i];
  if (!row.empty()) return row;
  const auto query = operands_.offset_query(l, i);
  row.reserve(i + 1);
  for (int j = 0; j <= i; ++j) row.push_back(dot(query, keys_[l - 1][j]));
  return row;
}

template <class X>
Real<X> PositionScores<X>::first(int i, int j) const {
  if (encoding_ == Encoding::rope_position) return dot(first_queries_[i], first_keys_[j]);
  return first_[encoding_ == Encoding::rope ? i - j : j];
}

template class PositionOperands<double>;
template class PositionOperands<float>;
template class PositionOperands<bfloat16>;
template class PositionScores<double>;
template class PositionScores<float>;
template class PositionScores<bfloat16>;
template double dot(const std::vector<double>&, const std::vector<double>&);
template float dot(const std::vector<float>&, const std::vector<float>&);
template float dot(const std::vector<bfloat16>&, const std::vector<bfloat16>&);

}  // namespace superpose::theory
