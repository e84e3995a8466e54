#include "theory/constants.hpp"

#include <cmath>

#include "core/error.hpp"

namespace superpose::theory {
namespace {

/// cos of the angle by which the slowest plane has turned from the first to the last position.
double slowest_cosine(int d_pe, int t_max) {
  return std::cos(t_max * frequencies(d_pe).back());
}

double choose_xi(const Constants& c, const PositionGap& gap) {
  if (c.encoding == Encoding::sinusoidal) return (gap.same - gap.lowest + c.delta) / c.delta;
  return c.delta / slowest_cosine(c.d_pe, c.sizes.t_max);
}

void check(const Constants& c, const PositionGap& gap) {
  validate(c.delta > 1e-9, ExitCode::usage,
           "no eta for {} positions and d_pe = {} (positions {} apart look the same); choose a "
           "larger d_pe",
           c.sizes.t_max, c.d_pe, gap.imitator);
  if (c.encoding == Encoding::sinusoidal) return;
  const double turned = c.sizes.t_max * frequencies(c.d_pe).back();
  validate(turned < 1.5, ExitCode::usage,
           "no xi for {} positions with RoPE (the slowest plane turns by {:.2f} rad, and from pi/2 "
           "on the first position repels); use the sinusoidal encoding or smaller graphs",
           c.sizes.t_max, turned);
}

}  // namespace

double Constants::largest_logit() const {
  const double thought = std::sqrt(static_cast<double>(sizes.n_max));
  const double same = encoding == Encoding::rope ? d_pe / 2 - 1 : d_pe / 2;
  if (encoding == Encoding::rope) return eta * std::max(same, xi * thought);
  return eta * same * (1 + xi * thought);
}

Constants choose_constants(Encoding encoding, const Sizes& sizes, int d_pe) {
  Constants c;
  c.encoding = encoding;
  c.sizes = sizes;
  c.d_pe = d_pe > 0 ? d_pe : choose_d_pe(encoding, sizes.t_max);
  const auto gap = position_gap(encoding, c.d_pe, sizes.t_max);
  c.delta = gap.gap();
  check(c, gap);
  c.eps_1 = 0.5 / std::sqrt(static_cast<double>(sizes.n_max));
  c.leak = c.eps_1 / (3 * safety);
  c.eta = std::log((sizes.t_max - 1) / c.leak) / c.delta;
  c.xi = choose_xi(c, gap);
  const double e_max = std::max(1, sizes.e_max);
  c.eps_2 = 0.5 / (std::sqrt(3.0) * e_max);
  c.kappa = std::sqrt(3.0 * (sizes.n_max + 1)) * std::log(2 * safety * e_max * e_max);
  return c;
}

}  // namespace superpose::theory
