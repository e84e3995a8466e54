#include "sweep/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/moments.hpp"
#include "core/random.hpp"

namespace superpose::sweep {
namespace {

constexpr std::size_t resamples = 10000;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// The value that a share `quantile` of all lies below; reorders.
double quantile_of(std::vector<double>& values, double quantile) {
  const auto at = static_cast<std::ptrdiff_t>(quantile * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

}  // namespace

Summary Bootstrap::summarise(const std::vector<double>& values) {
  std::vector<double> known;
  std::copy_if(values.begin(), values.end(), std::back_inserter(known),
               [](double value) { return !std::isnan(value); });
  const auto n = static_cast<std::uint32_t>(known.size());
  Moments moments;
  for (const double value : known) moments.add(value);
  Summary summary{n, moments.mean(), moments.sample_deviation(), nan, nan};
  if (n < 2) return summary;
  const auto& indices = draws(n);
  std::vector<double> means(resamples);
  for (std::size_t i = 0; i < resamples; ++i) {
    double sum = 0;
    for (std::uint32_t j = 0; j < n; ++j) sum += known[indices[i * n + j]];
    means[i] = sum / n;
  }
  summary.low = quantile_of(means, 0.025);
  summary.high = quantile_of(means, 0.975);
  return summary;
}

const std::vector<std::uint32_t>& Bootstrap::draws(std::uint32_t n) {
  auto& indices = draws_[n];
  if (!indices.empty()) return indices;
  RandomStream stream(0, Purpose::bootstrap, n);
  indices.resize(resamples * n);
  for (auto& index : indices) index = stream.below(n);
  return indices;
}

}  // namespace superpose::sweep
