#pragma once
/// Means over seeds and how far they can be trusted.

#include <cstdint>
#include <map>
#include <vector>

namespace superpose::sweep {

struct Summary {
  std::int64_t n = 0;        ///< values that are there
  double mean = 0;           ///< NaN if there are none
  double deviation = 0;      ///< standard deviation with n - 1; NaN below two values
  double low = 0, high = 0;  ///< 95 % interval of the mean; NaN below two values
};

/// Percentile bootstrap (Efron 1979): the values are drawn again, with repetition, 10,000 times;
/// the interval leaves out 2.5 % of the means on either side. The draws depend on the number of
/// values alone, so a file collected again is the same. Few values make it too narrow: over 3 seeds
/// it lies between the smallest and the largest.
class Bootstrap {
 public:
  /// NaN stands for a value that is missing.
  Summary summarise(const std::vector<double>& values);

 private:
  const std::vector<std::uint32_t>& draws(std::uint32_t n);

  std::map<std::uint32_t, std::vector<std::uint32_t>> draws_;  // by n: n indices a resample
};

}  // namespace superpose::sweep
