#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "distributed/leaf_sums.hpp"
#include "distributed/leaf_tree.hpp"

namespace superpose::distributed {

bool operator==(Leaves a, Leaves b) {
  return a.begin == b.begin && a.end == b.end;
}

namespace {

using Nodes = std::vector<Leaves>;

float leaf_value(int leaf) {
  return std::ldexp(1.0F / (3 + leaf), (5 * leaf) % 7);
}

float serial_tree(Leaves node) {
  if (node.size() == 1) return leaf_value(node.begin);
  const int mid = right_child_begin(node);
  return serial_tree({node.begin, mid}) + serial_tree({mid, node.end});
}

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

TEST(LeafSums, OfEveryBlockAreThoseOfTheSerialTree) {
  for (int n_leaves = 1; n_leaves <= 17; ++n_leaves)
    for (int begin = 0; begin < n_leaves; ++begin)
      for (int end = begin + 1; end <= n_leaves; ++end) {
        LeafSums<float> sums(1, n_leaves, {begin, end});
        for (int leaf = begin; leaf < end; ++leaf) {
          EXPECT_FALSE(sums.complete());
          EXPECT_EQ(sums.is_last_leaf(), leaf + 1 == end);
          *sums.leaf_buffer() += leaf_value(leaf);
          sums.add_elements(0, 1);
          sums.close_leaf();
        }
        EXPECT_TRUE(sums.complete());
        const Nodes nodes = largest_nodes(n_leaves, {begin, end});
        for (std::size_t i = 0; i < nodes.size(); ++i)
          EXPECT_EQ(*sums.node_sum(i), serial_tree(nodes[i]))
              << n_leaves << " leaves, block " << begin << ".." << end;
      }
}

TEST(LeafSums, RefuseMoreLeavesThanTheirBlockHas) {
  LeafSums<float> sums(1, 8, {2, 3});
  EXPECT_THROW(sums.add_elements(0, 1), std::logic_error);  // nothing has been computed
  EXPECT_THROW(sums.close_leaf(), std::logic_error);
  sums.leaf_buffer();
  EXPECT_THROW(sums.add_elements(0, 2), std::logic_error);
  sums.add_elements(0, 1);
  sums.close_leaf();
  EXPECT_THROW(sums.leaf_buffer(), std::logic_error);
  sums.restart();
  EXPECT_NE(sums.leaf_buffer(), nullptr);
}

}  // namespace
}  // namespace superpose::distributed
