#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/random.hpp"
#include "sweep/statistics.hpp"

namespace superpose::sweep {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(SweepStatistics, LeaveOutWhatIsMissing) {
  Bootstrap bootstrap;
  const auto summary = bootstrap.summarise({1, nan, 2, 6});
  EXPECT_EQ(summary.n, 3);
  EXPECT_DOUBLE_EQ(summary.mean, 3);
  EXPECT_DOUBLE_EQ(summary.deviation, std::sqrt((4.0 + 1 + 9) / 2));
}

TEST(SweepStatistics, OfFewValuesHaveNoInterval) {
  Bootstrap bootstrap;
  const auto one = bootstrap.summarise({4});
  EXPECT_EQ(one.mean, 4);
  EXPECT_TRUE(std::isnan(one.deviation) && std::isnan(one.low) && std::isnan(one.high));
  const auto none = bootstrap.summarise({nan});
  EXPECT_EQ(none.n, 0);
  EXPECT_TRUE(std::isnan(none.mean));
}

/// Of two values a and b a resample's mean is a, the middle or b, with 1/4, 1/2 and 1/4.
TEST(SweepStatistics, IntervalOfTwoValuesIsTheValues) {
  Bootstrap bootstrap;
  const auto summary = bootstrap.summarise({1, 3});
  EXPECT_EQ(summary.low, 1);
  EXPECT_EQ(summary.high, 3);
}

/// The plug-in standard error of the mean is sqrt((n - 1) / n) s / sqrt(n); for many values the
/// interval is the mean -+ 1.96 of it.
TEST(SweepStatistics, IntervalOfManyValuesIsThatOfANormalMean) {
  RandomStream stream(3, Purpose::analysis, 0);
  std::vector<double> values(400);
  for (auto& value : values) value = stream.uniform();
  Bootstrap bootstrap;
  const auto summary = bootstrap.summarise(values);
  const double error = summary.deviation / 20;
  EXPECT_NEAR(summary.low, summary.mean - 1.96 * error, 0.08 * error);
  EXPECT_NEAR(summary.high, summary.mean + 1.96 * error, 0.08 * error);
}

TEST(SweepStatistics, AreTheSameAgain) {
  Bootstrap first, second;
  second.summarise({1, 2});
  const std::vector<double> values{0.1, 0.5, 0.7, 0.71, 0.9};
  const auto a = first.summarise(values), b = second.summarise(values);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
}

}  // namespace
}  // namespace superpose::sweep
