#include "theory/constants.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "data/vocabulary.hpp"

namespace superpose::theory {
namespace {

/// cos of the angle by which the slowest plane has turned from the first to the last position.
double slowest_cosine(int d_pe, int t_max) {
  return std::cos(t_max * frequencies(d_pe).back());
}

/// The smallest cos((t_max - i) w) - cos((t_max - i + k) w) over positions i and distances k, w of
/// the slowest plane: by how much Lemma 6 tells the first position from another. It is that of the
/// last position and its second one; written so that nothing cancels.
double lead_of_first(int d_pe) {
  const double w = frequencies(d_pe).back();
  return 2 * std::sin(1.5 * w) * std::sin(0.5 * w);
}

int width(Encoding encoding, const Sizes& sizes) {
  if (encoding != Encoding::rope_position) return choose_d_pe(encoding, sizes.t_max);
  const int d_te = data::smallest_vocab_size(sizes.n_max);
  return d_te + d_te % 2 + 2;
}

void check_gap(const Constants& c, const PositionGap& gap) {
  validate(c.delta > 1e-9, ExitCode::usage,
           "no eta for {} positions and d_pe = {} (positions {} apart look the same, with a gap of "
           "{:.1g} of at least 1e-9); choose a larger d_pe",
           c.sizes.t_max, c.d_pe, gap.imitator, c.delta);
}

/// Our RoPE chooser: the slowest plane has to turn by less than pi / 2.
void check_rope(const Constants& c) {
  validate(has_constants(c.rule, c.encoding), ExitCode::usage,
           "the paper has no constants for encoding = rope (a construction of our own); use "
           "encoding = rope_position, the paper's, or constants = ours");
  const double turned = c.sizes.t_max * frequencies(c.d_pe).back();
  validate(
      turned < 1.5, ExitCode::usage,
      "no xi for {} positions with rope, our RoPE chooser (the slowest plane turns by {:.2f} "
      "rad, and from pi/2 on, at 15,708 positions, the first position repels: a limit of ours, "
      "not of the paper's Lemma 6); use the sinusoidal encoding or smaller graphs",
      c.sizes.t_max, turned);
}

/// The paper's RoPE chooser.
void check_rope_position(const Constants& c) {
  validate(c.sizes.t_max <= position_base, ExitCode::usage,
           "no xi for {} positions with rope_position (RbS Lemma 6 assumes T <= M = 10,000); use "
           "the sinusoidal encoding or smaller graphs",
           c.sizes.t_max);
}

void check(const Constants& c, const PositionGap& gap) {
  check_gap(c, gap);
  if (c.encoding == Encoding::rope) check_rope(c);
  if (c.encoding == Encoding::rope_position) check_rope_position(c);
}

double our_xi(const Constants& c, const PositionGap& gap) {
  const double pull = gap.same - gap.lowest + c.delta;
  if (c.encoding == Encoding::sinusoidal) return pull / c.delta;
  if (c.encoding == Encoding::rope_position) return pull / lead_of_first(c.d_pe);
  return c.delta / slowest_cosine(c.d_pe, c.sizes.t_max);
}

void choose_ours(Constants& c, const PositionGap& gap) {
  c.leak = c.eps_1 / (3 * safety);
  c.eta = std::log((c.sizes.t_max - 1) / c.leak) / c.delta;
  c.xi = our_xi(c, gap);
  const double e_max = std::max(1, c.sizes.e_max);
  c.eps_2 = 0.5 / (std::sqrt(3.0) * e_max);
  c.kappa = std::sqrt(3.0 * (c.sizes.n_max + 1)) * std::log(2 * safety * e_max * e_max);
}

void choose_paper(Constants& c, const PositionGap& gap) {
  const double n = c.sizes.n_max, T = c.sizes.t_max;
  c.leak = c.eps_1 / 5;
  c.eta = std::log((T - 1) * (1 - c.leak) / c.leak) / c.delta;
  c.xi = is_rotary(c.encoding) ? 2 * (c.d_pe - 2) / lead_of_first(c.d_pe) : 2 * c.d_pe / gap.gap();
  c.eps_2 = 1 / (4 * n);
  c.kappa = std::sqrt(3 * n) * std::log(16 * n * T * T);
}

}  // namespace

double Constants::largest_logit() const {
  const double thought = std::sqrt(static_cast<double>(sizes.n_max));
  const double same = is_rotary(encoding) ? d_pe / 2 - 1 : d_pe / 2;
  if (encoding == Encoding::rope) return eta * std::max(same, xi * thought);
  if (encoding == Encoding::rope_position) return eta * (same + xi * thought);
  return eta * same * (1 + xi * thought);
}

Constants choose_constants(Encoding encoding, const Sizes& sizes, int d_pe, ConstantsRule rule) {
  Constants c;
  c.rule = rule;
  c.encoding = encoding;
  c.sizes = sizes;
  c.d_pe = d_pe > 0 ? d_pe : width(encoding, sizes);
  const auto gap = position_gap(encoding, c.d_pe, sizes.t_max);
  c.delta = rule == ConstantsRule::paper ? gap_by_planes(encoding, c.d_pe, sizes.t_max) : gap.gap();
  check(c, gap);
  c.eps_1 = 0.5 / std::sqrt(static_cast<double>(sizes.n_max));
  if (rule == ConstantsRule::paper) choose_paper(c, gap);
  if (rule == ConstantsRule::ours) choose_ours(c, gap);
  return c;
}

}  // namespace superpose::theory
