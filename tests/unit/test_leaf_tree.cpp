#include <gtest/gtest.h>

#include <vector>

#include "core/error.hpp"
#include "distributed/leaf_tree.hpp"

namespace superpose::distributed {

bool operator==(Leaves a, Leaves b) {
  return a.begin == b.begin && a.end == b.end;
}

namespace {

using Nodes = std::vector<Leaves>;

TEST(LeafTree, LeftChildIsTheLargestPowerOfTwoThatLeavesARest) {
  EXPECT_EQ(right_child_begin({0, 2}), 1);
  EXPECT_EQ(right_child_begin({0, 3}), 2);
  EXPECT_EQ(right_child_begin({0, 5}), 4);
  EXPECT_EQ(right_child_begin({0, 8}), 4);
  EXPECT_EQ(right_child_begin({8, 11}), 10);
  EXPECT_THROW(right_child_begin({3, 4}), std::logic_error);
}

TEST(LeafTree, RanksGetConsecutiveLeavesOfNearlyEqualNumber) {
  for (int n_leaves = 1; n_leaves <= 20; ++n_leaves)
    for (int n_ranks = 1; n_ranks <= n_leaves; ++n_ranks) {
      int next = 0;
      for (int rank = 0; rank < n_ranks; ++rank) {
        const Leaves block = leaves_of_rank(n_leaves, rank, n_ranks);
        EXPECT_EQ(block.begin, next);
        EXPECT_GE(block.size(), n_leaves / n_ranks);
        EXPECT_LE(block.size(), (n_leaves + n_ranks - 1) / n_ranks);
        next = block.end;
      }
      EXPECT_EQ(next, n_leaves);
    }
}

TEST(LeafTree, MoreRanksThanLeavesIsAUsageError) {
  try {
    leaves_of_rank(8, 0, 9);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
  }
}

TEST(LeafTree, BlocksAreCoveredByTheLargestNodes) {
  EXPECT_EQ(largest_nodes(8, {0, 8}), (Nodes{{0, 8}}));
  EXPECT_EQ(largest_nodes(8, {4, 8}), (Nodes{{4, 8}}));
  EXPECT_EQ(largest_nodes(8, {1, 7}), (Nodes{{1, 2}, {2, 4}, {4, 6}, {6, 7}}));
  EXPECT_EQ(largest_nodes(7, {3, 7}), (Nodes{{3, 4}, {4, 7}}));
}

}  // namespace
}  // namespace superpose::distributed
