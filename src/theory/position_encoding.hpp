#pragma once
/// Positions as the construction sees them (RbS, arXiv 2505.12514, Theorem 1): d_PE / 2 planes, in
/// plane j = 1 .. d_PE / 2 the point (cos, sin)(i w_j), w_j = M^(-2j / d_PE), M = 10^4. A plane is
/// written by its index j - 1 from 0; the last one turns once in 2 pi M positions. The inner
/// product of two positions depends on their distance k alone:
///   g(k) = sum_j cos(k w_j).
///
/// With RoPE there are two choosers. `rope_position` is the paper's (App. B.6, Lemma 6): it finds
/// <s> by its position, as the one whose slowest plane has turned least. At d_TE = 64 that takes
/// xi = 8.5e9, and in single precision the attention on <s> falls to 0.33 at 30 positions. `rope`
/// is ours: it finds <s> by its token, which the slowest plane of its key alone holds.
///
/// How long a sequence may be is a limit of the chooser. Ours (`rope`) ends at M pi / 2 = 15,708
/// positions, where the slowest plane has turned by pi / 2; Lemma 6 assumes T <= M = 10,000; the
/// sinusoidal chooser (Lemma 3) has no such limit.

#include <array>
#include <vector>

#include "core/enum_names.hpp"

namespace superpose::theory {

enum class Encoding { sinusoidal, rope, rope_position };

constexpr std::array<const char*, 3> names_of(Encoding) {
  return {"sinusoidal", "rope", "rope_position"};
}

/// For people: the name, and whose construction it is.
const char* label(Encoding encoding);

/// Whether queries and keys are turned, and the slowest plane is kept for the first position.
inline bool is_rotary(Encoding encoding) {
  return encoding != Encoding::sinusoidal;
}

inline constexpr double position_base = 1e4;  ///< M

/// [j - 1] = w_j, radians a position; d_PE / 2 of them, descending.
std::vector<double> frequencies(int d_pe);

/// How well an attention chooser can tell positions apart.
struct PositionGap {
  double same = 0;                               ///< g(0), the number of planes used
  double nearest = 0;                            ///< largest g(k) over 1 <= k <= t_max
  double lowest = 0;                             ///< smallest g(k) there
  int imitator = 0;                              ///< the k of `nearest`
  double gap() const { return same - nearest; }  ///< Delta > 0 unless a far position imitates
};

/// Over the planes a chooser of this encoding uses for offsets: all of them, or with RoPE all but
/// the slowest, which it keeps for the first position. d_pe is even, and with RoPE at least 4.
PositionGap position_gap(Encoding encoding, int d_pe, int t_max);

/// epsilon_T of RbS Lemma 5, a lower bound of the gap over the same planes, each at its own worst
/// distance: sum_j (1 - max over 1 <= k < t_max of cos(k w_j)).
double gap_by_planes(Encoding encoding, int d_pe, int t_max);

/// The smallest power of two >= 8 for which gap() / same is half its limit for large d_PE. Reason:
/// the largest logit is eta xi g(0), proportional to (same / gap)^2, which rounding has to stay
/// small against; a d_PE beyond this one gains less than a factor 2 in the gap for twice the work.
int choose_d_pe(Encoding encoding, int t_max);

}  // namespace superpose::theory
