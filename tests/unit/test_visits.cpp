#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "data/visits.hpp"

namespace superpose::data {
namespace {

TEST(Visits, OrderIsAPermutationKeyedBySeedAndEpoch) {
  const auto order = epoch_order({{1000, 1000}}, 7, 3);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(sorted[i], i);
  EXPECT_NE(order, sorted);
  EXPECT_EQ(order, epoch_order({{1000, 1000}}, 7, 3));
  EXPECT_NE(order, epoch_order({{1000, 1000}}, 7, 4));
  EXPECT_NE(order, epoch_order({{1000, 1000}}, 8, 3));
}

TEST(Visits, SharesDrawOtherProblemsOfAFileInEveryEpoch) {
  const auto files = visits_of({100, 40}, {0.25, 1});
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].n_visited, 25U);
  EXPECT_EQ(files[1].n_visited, 40U);
  const auto visited = [&](std::uint64_t epoch) {
    const auto order = epoch_order(files, 7, epoch);
    return std::set<std::uint32_t>(order.begin(), order.end());
  };
  const auto first = visited(0), second = visited(1);
  EXPECT_EQ(first.size(), 65U);  // none twice
  EXPECT_NE(first, second);
  for (std::uint32_t i = 100; i < 140; ++i) EXPECT_EQ(first.count(i), 1U);
  EXPECT_LT(*first.rbegin(), 140U);
  EXPECT_EQ(visits_of({3}, {0.01})[0].n_visited, 1U);
}

TEST(Visits, LaterEpochsHaveTheirOwnShares) {
  const Visits visits({100, 40}, {{0.25, 1}, {0.05, 0.5}, 3});
  EXPECT_EQ(visits.n_problems(0), 65);
  EXPECT_EQ(visits.n_problems(2), 65);
  EXPECT_EQ(visits.n_problems(3), 25);
  EXPECT_EQ(visits.of_epoch(3)[1].n_visited, 20U);
  EXPECT_EQ(visits.n_steps(0, 5, 10), 3 * 7 + 2 * 3);
  EXPECT_EQ(visits.n_steps(2, 4, 10), 7 + 3);
  EXPECT_EQ(visits.n_steps(4, 4, 10), 0);
}

TEST(Visits, WithoutLaterSharesAllEpochsAreAlike) {
  const Visits visits({100, 40}, {{0.25, 1}, {}, 0});
  EXPECT_EQ(visits.n_problems(0), 65);
  EXPECT_EQ(visits.n_problems(1000), 65);
  EXPECT_EQ(Visits({100, 40}, {}).n_problems(7), 140);
}

}  // namespace
}  // namespace superpose::data
