#pragma once
#include <array>

namespace superpose::theory {

/// The number formats the construction is run in (precision.hpp).
enum class Precision { f64, f32, bf16 };

/// Their names, in the order of Precision.
inline constexpr std::array<const char*, 3> precision_names = {"f64", "f32", "bf16"};
constexpr auto names_of(Precision) {
  return precision_names;
}

}  // namespace superpose::theory
