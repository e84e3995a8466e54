#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "train/batch_gradient.hpp"

namespace superpose::train {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::uint32_t> first_numbers(std::size_t n) {
  std::vector<std::uint32_t> items(n);
  std::iota(items.begin(), items.end(), 100U);
  return items;
}

TEST(PartOf, CutsConsecutivePieces) {
  EXPECT_THAT(part_of(first_numbers(6), 0, 3), ElementsAre(100, 101));
  EXPECT_THAT(part_of(first_numbers(6), 2, 3), ElementsAre(104, 105));
  EXPECT_THAT(part_of(first_numbers(3), 0, 1), ElementsAre(100, 101, 102));
}

TEST(PartOf, PartsAreTheWholeAndNearlyEqual) {
  for (std::size_t n_items = 0; n_items <= 20; ++n_items)
    for (int n = 1; n <= 9; ++n) {
      const auto items = first_numbers(n_items);
      std::vector<std::uint32_t> joined;
      for (int i = 0; i < n; ++i) {
        const auto part = part_of(items, i, n);
        EXPECT_GE(part.size(), n_items / n);
        EXPECT_LE(part.size(), (n_items + n - 1) / n);
        joined.insert(joined.end(), part.begin(), part.end());
      }
      EXPECT_EQ(joined, items) << n_items << " in " << n;
    }
}

TEST(PartOf, SomeAreEmptyWhereThereAreTooFewItems) {
  int n_empty = 0;
  for (int i = 0; i < 8; ++i) n_empty += part_of(first_numbers(3), i, 8).empty();
  EXPECT_EQ(n_empty, 5);
  EXPECT_THAT(part_of({}, 0, 8), IsEmpty());
}

}  // namespace
}  // namespace superpose::train
