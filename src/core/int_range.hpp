#pragma once

#include <string>

namespace superpose {

/// The integers min..max, both included; a single number is a range of one.
struct IntRange {
  int min = 0, max = 0;

  constexpr IntRange() = default;
  constexpr IntRange(int value) : min(value), max(value) {}  // not explicit: a number is a range
  constexpr IntRange(int first, int last) : min(first), max(last) {}

  constexpr bool is_single() const { return min == max; }
  friend constexpr bool operator==(const IntRange& a, const IntRange& b) {
    return a.min == b.min && a.max == b.max;
  }
};

/// "12" or "8:28"
inline std::string to_string(const IntRange& range) {
  const auto first = std::to_string(range.min);
  return range.is_single() ? first : first + ":" + std::to_string(range.max);
}

}  // namespace superpose
