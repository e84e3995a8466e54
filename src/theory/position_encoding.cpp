#include "theory/position_encoding.hpp"

#include <cmath>

#include "core/error.hpp"

namespace superpose::theory {
namespace {

/// gap / same as d_PE grows: the mean of 1 - cos(w) over log-uniform w in (1 / M, 1).
constexpr double limiting_gap = 0.026;

/// w_j of the planes that tell offsets.
std::vector<double> offset_frequencies(Encoding encoding, int d_pe) {
  SUPERPOSE_EXPECT(d_pe % 2 == 0 && d_pe >= (is_rotary(encoding) ? 4 : 2));
  auto w = frequencies(d_pe);
  if (is_rotary(encoding)) w.pop_back();
  return w;
}

}  // namespace

const char* label(Encoding encoding) {
  constexpr std::array<const char*, 3> labels{"sinusoidal", "rope (ours)",
                                              "rope_position (Lemma 6)"};
  return labels[index_of(encoding)];
}

std::vector<double> frequencies(int d_pe) {
  std::vector<double> w;
  for (int j = 1; j <= d_pe / 2; ++j) w.push_back(std::pow(position_base, -2.0 * j / d_pe));
  return w;
}

PositionGap position_gap(Encoding encoding, int d_pe, int t_max) {
  const auto w = offset_frequencies(encoding, d_pe);
  PositionGap gap;
  gap.same = gap.lowest = static_cast<double>(w.size());
  gap.nearest = -gap.same;
  for (int k = 1; k <= t_max; ++k) {
    double g = 0;
    for (const double wj : w) g += std::cos(k * wj);
    if (g > gap.nearest) gap.imitator = k;
    gap.nearest = std::max(gap.nearest, g);
    gap.lowest = std::min(gap.lowest, g);
  }
  return gap;
}

double gap_by_planes(Encoding encoding, int d_pe, int t_max) {
  double sum = 0;
  for (const double w : offset_frequencies(encoding, d_pe)) {
    double nearest = -1;
    for (int k = 1; k < t_max; ++k) nearest = std::max(nearest, std::cos(k * w));
    sum += 1 - nearest;
  }
  return sum;
}

int choose_d_pe(Encoding encoding, int t_max) {
  constexpr int largest = 1024;
  for (int d_pe = 8; d_pe < largest; d_pe *= 2) {
    const auto gap = position_gap(encoding, d_pe, t_max);
    if (gap.gap() >= 0.5 * limiting_gap * gap.same) return d_pe;
  }
  return largest;
}

}  // namespace superpose::theory
