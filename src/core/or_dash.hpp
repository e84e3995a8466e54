#pragma once
#include <fmt/core.h>

#include <cmath>
#include <string>

namespace superpose {

/// The number by the format; "-" for NaN, which stands for what was not measured.
inline std::string or_dash(fmt::format_string<const double&> format, double value) {
  return std::isnan(value) ? "-" : fmt::format(format, value);
}

}  // namespace superpose
