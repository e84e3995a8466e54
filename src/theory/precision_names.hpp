#pragma once
#include <array>

#include "core/enum_names.hpp"

namespace superpose::theory {

/// The number formats the construction is run in (precision.hpp).
enum class Precision { f64, f32, bf16 };

constexpr std::array<const char*, 3> names_of(Precision) {
  return {"f64", "f32", "bf16"};
}

}  // namespace superpose::theory
