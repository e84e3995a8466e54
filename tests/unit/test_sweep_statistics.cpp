#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sweep/statistics.hpp"

namespace superpose::sweep {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(SweepStatistics, LeaveOutWhatIsMissing) {
  const auto summary = summarise({1, nan, 2, 6});
  EXPECT_EQ(summary.n, 3);
  EXPECT_DOUBLE_EQ(summary.mean, 3);
  EXPECT_DOUBLE_EQ(summary.deviation, std::sqrt((4.0 + 1 + 9) / 2));
}

TEST(SweepStatistics, OfFewValuesHaveNoInterval) {
  const auto one = summarise({4});
  EXPECT_EQ(one.mean, 4);
  EXPECT_TRUE(std::isnan(one.deviation) && std::isnan(one.low) && std::isnan(one.high));
  const auto none = summarise({nan});
  EXPECT_EQ(none.n, 0);
  EXPECT_TRUE(std::isnan(none.mean));
}

/// Of two values the quantile of t with one degree of freedom is tan(0.475 pi), their standard
/// error half of what lies between them.
TEST(SweepStatistics, IntervalOfTwoValuesIsThatOfCauchy) {
  const auto summary = summarise({1, 3});
  const double half = std::tan(0.475 * std::acos(-1.0));
  EXPECT_NEAR(summary.low, 2 - half, 1e-9);
  EXPECT_NEAR(summary.high, 2 + half, 1e-9);
}

/// 4.302653 of the usual tables.
TEST(SweepStatistics, IntervalOfThreeValuesIsThatOfTheTables) {
  const auto summary = summarise({1, 2, 6});
  EXPECT_NEAR(summary.high - summary.mean, 4.302653 * summary.deviation / std::sqrt(3.0), 1e-5);
  EXPECT_NEAR(summary.mean - summary.low, summary.high - summary.mean, 1e-12);
}

}  // namespace
}  // namespace superpose::sweep
