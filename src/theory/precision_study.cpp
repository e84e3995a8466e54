#include "theory/precision_study.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "core/error.hpp"
#include "theory/position_scores.hpp"

namespace superpose::theory {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// One question to a chooser (x, l): position i, which holds x or reads `off` of other tokens.
template <class X>
struct Question {
  int i, l, chosen;
  Real<X> on, off;
  std::vector<X> offset_query, first_query;
  Real<X> chosen_logit = 0;
  Real<X> others = 0;  ///< sum of exp(logit - chosen_logit) over the other positions
};

/// Keys of one position, [l - 1] and of the first-position part.
template <class X>
struct Keys {
  std::vector<X> offset[2], first;
};

template <class X>
Keys<X> keys_of(const PositionOperands<X>& operands, int j) {
  return {{operands.offset_key(1, j), operands.offset_key(2, j)}, operands.first_key(j)};
}

/// As Construction::attend, for a prompt of plain tokens: rope's key holds s at the first one only.
template <class X>
Real<X> logit(const Question<X>& q, const Keys<X>& keys, int j, Encoding encoding) {
  const bool rope = encoding == Encoding::rope;
  Real<X> sum = rope ? q.on * dot(q.offset_query, keys.offset[q.l - 1])
                     : dot(q.offset_query, keys.offset[q.l - 1]);
  if (q.off != 0 && (!rope || j == 0)) sum += q.off * dot(q.first_query, keys.first);
  return sum;
}

template <class X>
std::vector<Question<X>> questions(const Constants& c, const PositionOperands<X>& operands) {
  const Real<X> thought = std::sqrt(static_cast<Real<X>>(c.sizes.n_max));
  std::vector<Question<X>> all;
  for (int sample = 0; sample < 8; ++sample) {
    const int i = c.sizes.t_max - 1 - sample * (c.sizes.t_max / 16);
    for (int l = 1; l <= 2; ++l)
      for (const Real<X> off : {Real<X>(0), Real<X>(1), thought}) {
        const bool holds_x = off == 0;
        Question<X> q{i,
                      l,
                      holds_x ? i - l : 0,
                      holds_x ? Real<X>(1) : Real<X>(0),
                      off,
                      operands.offset_query(l, i),
                      operands.first_query(i)};
        q.chosen_logit = logit(q, keys_of(operands, q.chosen), q.chosen, c.encoding);
        all.push_back(std::move(q));
      }
  }
  return all;
}

template <class X>
double largest_leak(const Constants& c) {
  const PositionOperands<X> operands(c);
  auto asked = questions(c, operands);
  for (int j = 0; j < c.sizes.t_max; ++j) {
    const auto keys = keys_of(operands, j);
    for (auto& q : asked)
      if (j <= q.i && j != q.chosen)
        q.others += std::exp(logit(q, keys, j, c.encoding) - q.chosen_logit);
  }
  double leak = 0;
  for (const auto& q : asked) {
    const double others = q.others;
    leak = std::max(leak, std::isfinite(others) ? others / (1 + others) : 1);
  }
  return leak;
}

std::optional<Constants> constants_of(const ChooserCase& asked) {
  const int n = std::max(1, asked.positions / 6);
  if (is_rotary(asked.encoding) && asked.d_pe == 2) return std::nullopt;  // one plane
  try {
    return choose_constants(asked.encoding, {n, 2 * n, asked.positions}, asked.d_pe, asked.rule);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

ChooserResult measure_chooser(const ChooserCase& asked) {
  const auto constants = constants_of(asked);
  if (!constants) return {nan, nan, nan, nan, nan, nan};
  const double leak = with_precision(asked.precision,
                                     [&](auto x) { return largest_leak<decltype(x)>(*constants); });
  return {leak,           constants->leak, constants->largest_logit(), constants->delta,
          constants->eta, constants->xi};
}

}  // namespace superpose::theory
