#pragma once
#include <vector>

namespace superpose::theory {

/// y = intercept + slope x by least squares.
struct LinearFit {
  double slope = 0, intercept = 0;
  double half_width =
      0;  ///< of the 95 % interval of the slope, for independent residuals (1.96 s.e.)
  double r_squared = 0;
};

/// At least three points, x not all equal.
LinearFit fit_line(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace superpose::theory
