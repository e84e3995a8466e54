#include <gtest/gtest.h>

#include <set>

#include "analysis/search_state.hpp"

namespace superpose::analysis {
namespace {

/// 0 -> 1 -> 3 -> 5 (target); 0 -> 2 -> 3; the shortcut 1 -> 2; 2 -> 6; 4 -> 7 (other root).
data::Problem problem() {
  data::Problem problem;
  problem.graph = {8, {{0, 1}, {0, 2}, {1, 3}, {2, 3}, {1, 2}, {3, 5}, {2, 6}, {4, 7}}};
  problem.root = 0;
  problem.target = 5;
  problem.neg_target = 7;
  data::derive(problem);
  return problem;
}

std::set<int> nodes(const SearchState& search, Group group, int thought) {
  std::set<int> found;
  for (int node = 0; node < 8; ++node)
    if (search.node_in(group, thought, node)) found.insert(node);
  return found;
}

std::set<std::array<int, 2>> edges(const SearchState& search, Group group, int thought) {
  std::set<std::array<int, 2>> found;
  for (const auto& edge : problem().graph.edges)
    if (search.edge_in(group, thought, edge)) found.insert(edge);
  return found;
}

using Nodes = std::set<int>;
using Edges = std::set<std::array<int, 2>>;

TEST(SearchState, NodesByDistance) {
  const SearchState search(problem(), FrontierRule::distance);
  EXPECT_EQ(nodes(search, Group::reachable, 1), (Nodes{0, 1, 2}));
  EXPECT_EQ(nodes(search, Group::frontier, 1), (Nodes{1, 2}));
  EXPECT_EQ(nodes(search, Group::frontier, 2), (Nodes{3, 6}));
  EXPECT_EQ(nodes(search, Group::optimal, 2), (Nodes{3}));
  EXPECT_EQ(nodes(search, Group::not_reachable, 2), (Nodes{4, 5, 7}));
  EXPECT_EQ(nodes(search, Group::reachable, 3), (Nodes{0, 1, 2, 3, 5, 6}));
}

TEST(SearchState, NodesByWalkMayComeBack) {
  const SearchState search(problem(), FrontierRule::walk);
  EXPECT_EQ(nodes(search, Group::frontier, 1), (Nodes{1, 2}));
  EXPECT_EQ(nodes(search, Group::frontier, 2), (Nodes{2, 3, 6})) << "0 -> 1 -> 2 has two edges";
  EXPECT_EQ(nodes(search, Group::optimal, 2), (Nodes{3}));
}

TEST(SearchState, EdgesBelongToTheirSourceBeforeTheThought) {
  const SearchState search(problem(), FrontierRule::distance);
  EXPECT_EQ(edges(search, Group::frontier, 1), (Edges{{0, 1}, {0, 2}}));
  EXPECT_EQ(edges(search, Group::reachable, 1), edges(search, Group::frontier, 1));
  EXPECT_EQ(edges(search, Group::frontier, 2), (Edges{{1, 3}, {2, 3}, {1, 2}, {2, 6}}));
  EXPECT_EQ(edges(search, Group::optimal, 2), (Edges{{1, 3}, {2, 3}}));
  EXPECT_EQ(edges(search, Group::optimal, 3), (Edges{{3, 5}}));
  EXPECT_EQ(edges(search, Group::not_reachable, 2), (Edges{{3, 5}, {4, 7}}));
}

}  // namespace
}  // namespace superpose::analysis
