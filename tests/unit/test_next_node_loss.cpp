#include <gtest/gtest.h>

#include <cmath>

#include "train/evaluation.hpp"

namespace superpose::train {
namespace {

using data::Method;

/// Root 0. One hop: 1, 2, 3; two hops: 4, 5 (the target) and 6. Shortest paths go through 1 and 2.
/// 7 -> 8 is the other side.
data::Problem small_problem() {
  data::Problem problem;
  problem.graph.n_nodes = 9;
  problem.graph.edges = {{0, 1}, {0, 2}, {0, 3}, {1, 5}, {2, 5}, {2, 4}, {3, 6}, {7, 8}};
  problem.root = 0;
  problem.target = 5;
  problem.neg_target = 8;
  data::derive(problem);
  return problem;
}

/// Probabilities 1/64, 2/64, ... of nodes 0 to 8 and the rest on a token that is no node.
std::vector<double> log_probabilities() {
  std::vector<double> log_p;
  for (int v = 0; v < 9; ++v) log_p.push_back(std::log((v + 1) / 64.0));
  log_p.push_back(std::log(19 / 64.0));
  return log_p;
}

double loss(Method method, int k, bool exact_frontier = false) {
  data::MethodOptions options;
  options.name = method;
  options.exact_frontier = exact_frontier;
  return next_node_loss(log_probabilities(), small_problem(), k, options);
}

TEST(NextNodeLoss, OfCoconutIsTheMeanOverShortestPaths) {
  const double first_hop = -(std::log(2 / 64.0) + std::log(3 / 64.0)) / 2;
  for (const auto method : {Method::coconut, Method::pause}) {
    EXPECT_DOUBLE_EQ(loss(method, 1), first_hop);
    EXPECT_DOUBLE_EQ(loss(method, 2), -std::log(6 / 64.0));
  }
}

TEST(NextNodeLoss, OfBfsSampleIsTheMeanOverTheFrontier) {
  EXPECT_DOUBLE_EQ(loss(Method::coconut_bfs_sample, 1),
                   -(std::log(2 / 64.0) + std::log(3 / 64.0) + std::log(4 / 64.0)) / 3);
  EXPECT_DOUBLE_EQ(loss(Method::coconut_bfs_sample, 2),
                   -(std::log(5 / 64.0) + std::log(6 / 64.0) + std::log(7 / 64.0)) / 3);
}

TEST(NextNodeLoss, OfBfsLossIsThatOfTheSetWithTheRootInIt) {
  EXPECT_DOUBLE_EQ(loss(Method::coconut_bfs_loss, 1), -std::log((1 + 2 + 3 + 4) / 64.0));
  EXPECT_DOUBLE_EQ(loss(Method::coconut_bfs_loss, 2),
                   -std::log((1 + 2 + 3 + 4 + 5 + 6 + 7) / 64.0));
}

TEST(NextNodeLoss, OfBfsLossWithTheExactFrontier) {
  EXPECT_DOUBLE_EQ(loss(Method::coconut_bfs_loss, 1, true), -std::log((2 + 3 + 4) / 64.0));
  EXPECT_DOUBLE_EQ(loss(Method::coconut_bfs_loss, 2, true), -std::log((5 + 6 + 7) / 64.0));
}

}  // namespace
}  // namespace superpose::train
