#pragma once
/// Comparison where what a matrix product reads is bfloat16: its entries have 8 significant bits
/// each, whatever the largest is.

#include "core/bfloat16.hpp"
#include "reference.hpp"

namespace superpose::kernels {

using OperandTypes = testing::Types<bfloat16, float, double>;

/// The entries as X holds them.
template <class X>
HostMatrix rounded(HostMatrix m) {
  for (double& value : m.values) value = static_cast<X>(static_cast<Real<X>>(value));
  return m;
}

/// Half the distance between neighbours of bfloat16 at `value`, and what a float result may be off
/// by: rounded, it is the exact result's neighbour at worst.
inline double bfloat16_tolerance(double value, double largest) {
  const double spacing = value == 0 ? 0 : std::ldexp(1.0, std::ilogb(value) - 7);
  return spacing / 2 + 64 * std::numeric_limits<float>::epsilon() * largest;
}

/// Equal up to `n_epsilon` roundings in Real<X>, and one to X itself.
template <class X>
testing::AssertionResult near_operand(const HostMatrix& actual, const HostMatrix& expected,
                                      double n_epsilon = 64) {
  if constexpr (!std::is_same_v<X, bfloat16>) {
    return near<X>(actual, expected, n_epsilon);
  } else {
    HostMatrix off = difference(actual, expected), none(expected.n_rows, expected.n_columns);
    const double largest = largest_magnitude(expected);
    for (std::size_t i = 0; i < off.values.size(); ++i)
      off.values[i] = std::abs(off.values[i]) <= bfloat16_tolerance(expected.values[i], largest)
                          ? 0
                          : off.values[i];
    return within(off, none, 0) << " (differences)";
  }
}

}  // namespace superpose::kernels
