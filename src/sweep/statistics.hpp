#pragma once
/// Means over seeds and how far they can be trusted.

#include <cstdint>
#include <vector>

namespace superpose::sweep {

struct Summary {
  std::int64_t n = 0;        ///< values that are there
  double mean = 0;           ///< NaN if there are none
  double deviation = 0;      ///< standard deviation with n - 1; NaN below two values
  double low = 0, high = 0;  ///< 95 % interval of the mean; NaN below two values
};

/// NaN stands for a value that is missing. The interval is Student's t: a bootstrap of the few
/// seeds that a sweep has covers the mean too seldom (of 3 normal values three times in four).
Summary summarise(const std::vector<double>& values);

}  // namespace superpose::sweep
