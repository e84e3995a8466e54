#include "sweep/statistics.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "core/moments.hpp"

namespace superpose::sweep {

Summary summarise(const std::vector<double>& values) {
  Moments moments;
  std::int64_t n = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    moments.add(value);
    ++n;
  }
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  Summary summary{n, moments.mean(), moments.sample_deviation(), nan, nan};
  if (n < 2) return summary;
  const boost::math::students_t_distribution<double> t(static_cast<double>(n - 1));
  const double half =
      boost::math::quantile(t, 0.975) * summary.deviation / std::sqrt(static_cast<double>(n));
  summary.low = summary.mean - half;
  summary.high = summary.mean + half;
  return summary;
}

}  // namespace superpose::sweep
