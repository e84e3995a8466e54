#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "data/problem.hpp"

namespace superpose::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// Two sources, 0 and 1. Two shortest paths 0-2-4-6 and 0-3-4-6, a longer one 0-2-5-4-6, a node (7)
/// below both, and 1-8-9 beside them.
Problem diamond() {
  Problem problem;
  problem.graph = {
      10, {{0, 2}, {0, 3}, {2, 4}, {3, 4}, {2, 5}, {5, 4}, {4, 6}, {5, 7}, {1, 7}, {1, 8}, {8, 9}}};
  problem.root = 0;
  problem.target = 6;
  problem.neg_target = 9;
  return problem;
}

TEST(Graph, NeighboursKeepTheOrderOfTheEdgeList) {
  const Graph graph{4, {{0, 3}, {0, 1}, {2, 1}}};
  EXPECT_THAT(children_of(graph),
              ElementsAre(ElementsAre(3, 1), ElementsAre(), ElementsAre(1), ElementsAre()));
  EXPECT_THAT(parents_of(graph),
              ElementsAre(ElementsAre(), ElementsAre(0, 2), ElementsAre(), ElementsAre(0)));
}

TEST(Graph, DistancesFollowTheEdges) {
  const auto graph = diamond().graph;
  EXPECT_THAT(distances_from(graph, 0), ElementsAre(0, -1, 1, 1, 2, 2, 3, 3, -1, -1));
  EXPECT_THAT(distances_to(graph, 6), ElementsAre(3, -1, 2, 2, 1, 2, 0, -1, -1, -1));
}

TEST(Graph, DistancesEndOnACycle) {
  const Graph cycle{3, {{0, 1}, {1, 2}, {2, 0}}};
  EXPECT_THAT(distances_from(cycle, 1), ElementsAre(2, 0, 1));
  EXPECT_THAT(distances_to(cycle, 1), ElementsAre(1, 0, 2));
}

TEST(Derive, FindsFrontiersAndShortestPaths) {
  auto problem = diamond();
  derive(problem);
  EXPECT_EQ(problem.hops, 3);
  EXPECT_THAT(problem.frontier,
              ElementsAre(ElementsAre(0), ElementsAre(2, 3), ElementsAre(4, 5), ElementsAre(6, 7)));
  EXPECT_THAT(problem.optimal,
              ElementsAre(ElementsAre(0), ElementsAre(2, 3), ElementsAre(4), ElementsAre(6)));
  EXPECT_THAT(problem.reachable_within(0), ElementsAre(0));
  EXPECT_THAT(problem.reachable_within(1), ElementsAre(0, 2, 3));
  EXPECT_THAT(problem.reachable_within(9), ElementsAre(0, 2, 3, 4, 5, 6, 7));
}

TEST(Derive, DepthIsTheDistanceFromTheOwnRoot) {
  auto problem = diamond();
  derive(problem);
  EXPECT_EQ(problem.other_root, 1);
  EXPECT_EQ(problem.target_depth, 3);
  EXPECT_EQ(problem.neg_depth, 2);
  EXPECT_FALSE(problem.equal_depth());
}

TEST(Derive, AThirdSourceIsNotTakenForTheOtherRoot) {
  auto problem = diamond();
  // Node 10 is a source right above neg_target: nearest, but with little else below it.
  problem.graph.n_nodes = 11;
  problem.graph.edges.push_back({10, 9});
  derive(problem);
  EXPECT_EQ(problem.other_root, 1);
  EXPECT_EQ(problem.neg_depth, 2);
}

TEST(Derive, ACandidateBelowNoSourceHasNoDepth) {
  Problem problem;
  problem.graph = {4, {{0, 1}, {2, 3}, {3, 2}}};
  problem.target = 1;
  problem.neg_target = 2;
  derive(problem);
  EXPECT_EQ(problem.other_root, -1);
  EXPECT_EQ(problem.neg_depth, -1);
}

TEST(Derive, MayBeRepeated) {
  auto problem = diamond();
  derive(problem);
  const auto once = problem;
  derive(problem);
  EXPECT_EQ(problem.frontier, once.frontier);
  EXPECT_EQ(problem.optimal, once.optimal);
  EXPECT_EQ(problem.neg_depth, once.neg_depth);
}

TEST(Derive, RefusesWhatIsNoProblem) {
  auto unreachable = diamond();
  unreachable.target = 8;
  EXPECT_THAT([&] { derive(unreachable); },
              ThrowsMessage<Error>(HasSubstr("target 8 cannot be reached from root 0")));
  auto outside = diamond();
  outside.neg_target = 10;
  EXPECT_THAT([&] { derive(outside); },
              ThrowsMessage<Error>(HasSubstr("neg_target 10 is not a node (ids are 0..9)")));
  auto bad_edge = diamond();
  bad_edge.graph.edges.push_back({3, -1});
  EXPECT_THAT([&] { derive(bad_edge); }, ThrowsMessage<Error>(HasSubstr("child -1 is not a node")));
}

}  // namespace
}  // namespace superpose::data
