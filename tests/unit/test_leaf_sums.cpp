#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "distributed/leaf_sums.hpp"

namespace superpose::distributed {
namespace {

float leaf_value(int leaf) {
  return std::ldexp(1.0F / (3 + leaf), (5 * leaf) % 7);
}

float serial_tree(Leaves node) {
  if (node.size() == 1) return leaf_value(node.begin);
  const int mid = right_child_begin(node);
  return serial_tree({node.begin, mid}) + serial_tree({mid, node.end});
}

float value_of(const Vector<float>& one) {
  float value = 0;
  Kokkos::deep_copy(value, Kokkos::subview(one, 0));
  return value;
}

TEST(LeafSums, OfEveryBlockAreThoseOfTheSerialTree) {
  for (int n_leaves = 1; n_leaves <= 17; ++n_leaves)
    for (int begin = 0; begin < n_leaves; ++begin)
      for (int end = begin + 1; end <= n_leaves; ++end) {
        LeafSums<float> sums(1, n_leaves, {begin, end});
        for (int leaf = begin; leaf < end; ++leaf) {
          EXPECT_FALSE(sums.complete());
          EXPECT_EQ(sums.is_last_leaf(), leaf + 1 == end);
          const auto buffer = sums.leaf_buffer();
          EXPECT_EQ(value_of(buffer), 0);
          Kokkos::deep_copy(buffer, leaf_value(leaf));
          sums.add_elements(0, 1);
          sums.close_leaf();
        }
        EXPECT_TRUE(sums.complete());
        const auto nodes = largest_nodes(n_leaves, {begin, end});
        for (std::size_t i = 0; i < nodes.size(); ++i)
          EXPECT_EQ(value_of(sums.node_sum(i)), serial_tree(nodes[i]))
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
  EXPECT_EQ(sums.leaf_buffer().extent(0), 1U);
}

}  // namespace
}  // namespace superpose::distributed
