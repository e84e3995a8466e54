#include <gtest/gtest.h>

#include <cmath>

#include "data/generator.hpp"
#include "theory/linear_fit.hpp"
#include "theory/prediction_stage.hpp"

namespace superpose::theory {
namespace {

constexpr int V = 30;

data::Problem generated(int index) {
  return data::generate_problem({}, index).problem;
}

Prediction uniform(int index) {
  const auto problem = generated(index);
  return prediction(problem, uniform_thought(problem), V);
}

/// -log softmax(xi)_c*, from the logits of EoS Theorem 3 as they stand.
double plain_loss(const data::Problem& problem, const std::vector<double>& lambda, const Pair& mu) {
  std::vector<double> xi(V, 0);
  for (std::size_t v = 0; v < lambda.size(); ++v) xi[v] += mu[0] * lambda[v];
  xi[problem.target] += mu[1];
  xi[problem.neg_target] += mu[1];
  double sum = 0;
  for (const double x : xi) sum += std::exp(x);
  return std::log(sum) - xi[problem.target];
}

TEST(Prediction, LossAndDescentAreThoseOfTheLogits) {
  constexpr double h = 1e-5;
  for (int index = 0; index < 5; ++index) {
    const auto problem = generated(index);
    for (const auto& lambda : {uniform_thought(problem), flow_thought(problem, 2.5)}) {
      const std::vector<Prediction> set{prediction(problem, lambda, V)};
      const Pair mu{1.3, 0.4};
      const auto at = [&](double a, double r) { return plain_loss(problem, lambda, {a, r}); };
      EXPECT_NEAR(loss(set, mu), at(1.3, 0.4), 1e-12);
      const auto pull = descent(set, mu);
      EXPECT_NEAR(pull[0], -(at(1.3 + h, 0.4) - at(1.3 - h, 0.4)) / (2 * h), 1e-8);
      EXPECT_NEAR(pull[1], -(at(1.3, 0.4 + h) - at(1.3, 0.4 - h)) / (2 * h), 1e-8);
      EXPECT_NEAR(descent(set, mu, 2)[0], std::exp(2) * pull[0], 1e-10);
    }
  }
}

TEST(Prediction, ThoughtsAreOnTheNodesReached) {
  const auto problem = generated(2);
  for (const auto& lambda : {uniform_thought(problem), flow_thought(problem, 2.5)}) {
    double norm = 0;
    for (int v = 0; v < problem.graph.n_nodes; ++v) {
      const bool reached = problem.distance[v] >= 0 && problem.distance[v] <= problem.hops;
      EXPECT_EQ(lambda[v] > 0, reached);
      norm += lambda[v] * lambda[v];
    }
    EXPECT_NEAR(norm, 1, 1e-12);
  }
}

TEST(Prediction, MaxMarginDirectionHasTheRatioOfTheLargestK) {
  std::vector<Prediction> mixed;
  std::int64_t largest = 0;
  for (int index = 0; index < 8; ++index) {
    const auto one = uniform(index);
    const auto w = max_margin_direction({one});
    EXPECT_NEAR(w[0] / w[1], std::sqrt(static_cast<double>(one.K)), 1e-6);
    largest = std::max(largest, one.K);
    mixed.push_back(one);
  }
  const auto w = max_margin_direction(mixed);
  EXPECT_NEAR(w[0] / w[1], std::sqrt(static_cast<double>(largest)), 1e-6);
}

/// No direction of a fine grid has a larger smallest margin; lambda of the flow.
TEST(Prediction, MaxMarginDirectionIsTheBestOfAll) {
  std::vector<Prediction> set;
  for (int index = 0; index < 8; ++index) {
    const auto problem = generated(index);
    set.push_back(prediction(problem, flow_thought(problem, 2.5), V));
  }
  const double best = smallest_margin(set, max_margin_direction(set));
  for (int i = 0; i < 20000; ++i) {
    const double angle = 2 * std::acos(-1.0) * i / 20000;
    EXPECT_LE(smallest_margin(set, {std::cos(angle), std::sin(angle)}), best + 1e-12);
  }
}

/// EoS Theorem 3, the end within 1 %, and the approach at rate 1 / log t.
TEST(Prediction, FlowTendsToTheMaxMarginDirectionAsOneOverLogT) {
  std::vector<Prediction> mixed, from_flow;
  for (int index = 0; index < 6; ++index) {
    const auto problem = generated(index);
    mixed.push_back(uniform(index));
    from_flow.push_back(prediction(problem, flow_thought(problem, 2.5), V));
  }
  const auto s = log_times(1000);
  for (const auto& set : {std::vector<Prediction>{uniform(0)}, mixed, from_flow}) {
    const auto w = max_margin_direction(set);
    const auto path = prediction_flow(set, s);
    EXPECT_LT(off_direction(path.back(), w), 0.01);
    std::vector<double> x, y;
    for (std::size_t i = s.size() - 9; i < s.size(); ++i) {
      x.push_back(std::log(s[i]));
      y.push_back(std::log(off_direction(path[i], w)));
    }
    EXPECT_NEAR(fit_line(x, y).slope, -1, 0.1);
    EXPECT_EQ(accuracy(set, path.back()), 1);
  }
}

TEST(Prediction, AnswersOnlyWithBothParts) {
  const std::vector<Prediction> set{uniform(0), uniform(1)};
  EXPECT_EQ(accuracy(set, {1, 1}), 1);
  EXPECT_EQ(accuracy(set, {1, 0}), 0);
  EXPECT_EQ(accuracy(set, {0, 1}), 0);
}

}  // namespace
}  // namespace superpose::theory
