#pragma once
#include <cmath>

namespace superpose::theory {

/// The larger and the smaller of two numbers; NaN if either is, where std::max may lose it. A bound
/// that is checked by its worst case must not pass because a number is missing.
inline double larger(double a, double b) {
  return a >= b || std::isnan(a) ? a : b;
}
inline double smaller(double a, double b) {
  return a <= b || std::isnan(a) ? a : b;
}

}  // namespace superpose::theory
