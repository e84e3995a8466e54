#pragma once
/// The number formats the construction is run in. Operands and everything stored are of type X
/// (double, float or bfloat16), sums and softmax of type Real<X>, as in the trained model.

#include <cmath>
#include <stdexcept>
#include <utility>

#include "core/bfloat16.hpp"
#include "theory/precision_names.hpp"

namespace superpose::theory {

/// Calls `work` with a value of the type that `precision` names, and returns its result.
template <class Work>
auto with_precision(Precision precision, Work&& work) {
  switch (precision) {
    case Precision::f64:
      return std::forward<Work>(work)(double{});
    case Precision::f32:
      return std::forward<Work>(work)(float{});
    case Precision::bf16:
      return std::forward<Work>(work)(bfloat16(0.0F));
  }
  throw std::logic_error("a Precision without a type");
}

/// By how much a format rounds 1, at most: 2^-53, 2^-24, 2^-9 (operands).
inline double rounding_of(Precision precision) {
  constexpr std::array<int, 3> bits{53, 24, 9};
  return std::ldexp(1.0, -bits[index_of(precision)]);
}

/// `value` in X, rounded once from double or twice (double, float, bfloat16).
template <class X>
X rounded(double value) {
  return static_cast<X>(static_cast<Real<X>>(value));
}

}  // namespace superpose::theory
