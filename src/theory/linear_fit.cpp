#include "theory/linear_fit.hpp"

#include <cmath>
#include <numeric>

#include "core/error.hpp"

namespace superpose::theory {

LinearFit fit_line(const std::vector<double>& x, const std::vector<double>& y) {
  SUPERPOSE_EXPECT(x.size() == y.size() && x.size() >= 3);
  const double n = static_cast<double>(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xx = 0, xy = 0, yy = 0, residual = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  LinearFit fit;
  fit.slope = xy / xx;
  fit.intercept = mean_y - fit.slope * mean_x;
  for (std::size_t i = 0; i < x.size(); ++i)
    residual += std::pow(y[i] - fit.intercept - fit.slope * x[i], 2);
  fit.half_width = 1.96 * std::sqrt(residual / (n - 2) / xx);
  fit.r_squared = yy > 0 ? 1 - residual / yy : 1;
  return fit;
}

}  // namespace superpose::theory
