#include <gtest/gtest.h>

#include <cmath>

#include "data/generator.hpp"
#include "tests/error_of.hpp"
#include "theory/extremes.hpp"
#include "theory/index_matching_flow.hpp"
#include "theory/sgd_full_matrix.hpp"
#include "theory/stiff_flow.hpp"

namespace superpose::theory {
namespace {

constexpr int V = 30;

data::Problem generated(int index) {
  return data::generate_problem({}, index).problem;
}

/// The loss at a full matrix W, straight from the definition in EoS; no classes, no symmetry.
double loss_at(const data::Problem& problem, int c, int label, Loss loss,
               const std::vector<std::vector<double>>& W) {
  const auto inside = problem.reachable_within(c);
  const double lambda = 1 / std::sqrt(static_cast<double>(inside.size()));
  std::vector<double> xi(V, 0);
  for (const int v : inside) xi[v] += lambda;
  for (const auto& [s, v] : problem.graph.edges)
    for (const int u : inside) xi[v] += lambda * W[u][s];
  double sum = 0, wanted = 0;
  for (const double x : xi) sum += std::exp(x);
  if (loss == Loss::coconut)
    wanted = std::exp(xi[label]);
  else
    for (const int v : problem.reachable_within(c + 1)) wanted += std::exp(xi[v]);
  return -std::log(wanted / sum);
}

std::vector<std::vector<double>> matrix(double mu, double nu) {
  std::vector<std::vector<double>> W(V, std::vector<double>(V, nu));
  for (int v = 0; v < V; ++v) W[v][v] = mu;
  return W;
}

/// Moving all of the diagonal by h changes the loss by h times the sum of its gradient over it: V
/// times the population gradient of one entry, which is the velocity in units of alpha / V.
TEST(ThoughtStep, VelocityIsTheGradientOfTheLossOnTheFullMatrix) {
  constexpr double h = 1e-5;
  for (int index = 0; index < 4; ++index)
    for (int c = 0; c < 3; ++c)
      for (const auto loss : {Loss::coconut, Loss::coconut_bfs}) {
        const auto problem = generated(index);
        const int label = draw_label(problem, c, 1, index);
        const auto v = velocity(thought_step(problem, c, label, V), loss, {0.7, -0.2});
        const auto at = [&](double mu, double nu) {
          return loss_at(problem, c, label, loss, matrix(mu, nu));
        };
        const double along_mu = (at(0.7 + h, -0.2) - at(0.7 - h, -0.2)) / (2 * h);
        const double along_nu = (at(0.7, -0.2 + h) - at(0.7, -0.2 - h)) / (2 * h);
        EXPECT_NEAR(v.mu, -along_mu, 1e-8);
        EXPECT_NEAR(v.nu * (V - 1), -along_nu, 1e-8);
      }
}

/// EoS Theorem 1: mu' = (d_p - F(mu)) / sqrt(K) where nu = 0; F rises from near 0 to d_max.
TEST(ThoughtStep, FollowsTheoremOne) {
  for (int c = 0; c < 3; ++c) {
    const auto problem = generated(3);
    const auto step = thought_step(problem, c, draw_label(problem, c, 1, 3), V);
    double before = -1;
    for (const double mu : {-5.0, -1.0, 0.0, 1.0, 4.0, 10.0}) {
      const double F = expected_degree(step, mu);
      EXPECT_GT(F, before);
      before = F;
      EXPECT_NEAR(velocity(step, Loss::coconut, {mu, 0}).mu,
                  (static_cast<double>(step.d_p) - F) / std::sqrt(static_cast<double>(step.K)),
                  1e-12);
      EXPECT_GT(velocity(step, Loss::coconut_bfs, {mu, 0}).mu, 0);
    }
    EXPECT_NEAR(expected_degree(step, 100), static_cast<double>(step.d_max), 1e-6);
  }
}

TEST(Flow, ConvergesToTheFixedPointOrGrowsWithoutBound) {
  int bounded = 0, unbounded = 0;
  const auto times = flow_times(6);
  for (int index = 0; index < 12; ++index)
    for (int c = 0; c < 3; ++c) {
      const auto problem = generated(index);
      const auto step = thought_step(problem, c, draw_label(problem, c, 1, index), V);
      StepSet one;
      one.add(step);
      const auto path = flow(one, Loss::coconut, Coupling::scalar, times);
      const auto star = fixed_point(step);
      EXPECT_EQ(star.has_value(), step.d_p < step.d_max);
      if (star) {
        ++bounded;
        EXPECT_NEAR(expected_degree(step, *star), static_cast<double>(step.d_p), 1e-12);
        EXPECT_NEAR(expected_degree(step, path.back().mu), static_cast<double>(step.d_p), 1e-6);
        EXPECT_NEAR(path.back().mu, *star, 1e-6);
      } else {
        ++unbounded;
        for (std::size_t i = 1; i < path.size(); ++i) EXPECT_GT(path[i].mu, path[i - 1].mu);
        EXPECT_GT(path.back().mu, 10);
      }
    }
  EXPECT_GT(bounded, 5);
  EXPECT_GT(unbounded, 5);
}

/// EoS Theorem 1, the other loss: mu grows like log t.
TEST(Flow, GrowsLogarithmicallyUnderTheBfsLoss) {
  const auto times = flow_times(7);
  for (int c = 0; c < 3; ++c) {
    const auto problem = generated(1);
    const auto step = thought_step(problem, c, draw_label(problem, c, 1, 1), V);
    StepSet one;
    one.add(step);
    const auto fit = logarithmic_rate(times, flow(one, Loss::coconut_bfs, Coupling::scalar, times));
    EXPECT_GT(fit.r_squared, 0.99);
    EXPECT_NEAR(fit.slope, std::sqrt(static_cast<double>(step.K)) / static_cast<double>(step.d_max),
                0.05 * fit.slope);
  }
}

/// x' = -1000 (x - cos t) - sin t, x(0) = 1 has the solution cos t; y' = exp(-y) has log(1 + t).
TEST(StiffFlow, SolvesWhatIsKnown) {
  const std::vector<double> times{0, 0.5, 2, 10};
  const auto path = integrate_stiff(
      [](const Pair& x, double t) {
        return Pair{-1000 * (x[0] - std::cos(t)) - std::sin(t), std::exp(-x[1])};
      },
      {1, 0}, times, 1e-8);
  ASSERT_EQ(path.size(), times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    EXPECT_NEAR(path[i][0], std::cos(times[i]), 1e-5);
    EXPECT_NEAR(path[i][1], std::log(1 + times[i]), 1e-5);
  }
}

TEST(LinearFit, FindsALineAndItsUncertainty) {
  const auto exact = fit_line({1, 2, 3, 5}, {3, 5, 7, 11});
  EXPECT_NEAR(exact.slope, 2, 1e-12);
  EXPECT_NEAR(exact.intercept, 1, 1e-12);
  EXPECT_NEAR(exact.r_squared, 1, 1e-12);
  const auto noisy = fit_line({0, 1, 2, 3}, {0, 1.5, 1.5, 3});
  EXPECT_NEAR(noisy.slope, 0.9, 1e-12);
  EXPECT_NEAR(noisy.r_squared, 0.9, 1e-12);
  EXPECT_NEAR(noisy.half_width, 1.96 * std::sqrt(0.45 / 2 / 5), 1e-12);
}

TEST(StepSet, CountsEqualStepsOnce) {
  const auto problem = generated(0);
  const auto step = thought_step(problem, 0, draw_label(problem, 0, 1, 0), V);
  StepSet set;
  for (int i = 0; i < 3; ++i) set.add(step);
  EXPECT_EQ(set.size(), 3);
  EXPECT_EQ(set.distinct(), 1U);
  EXPECT_NEAR(set.velocity(Loss::coconut, {1, 0}).mu, velocity(step, Loss::coconut, {1, 0}).mu,
              1e-14);
}

/// The diagonal of W and the rest follow the flow of (mu, nu) within their statistical error; the
/// flow without nu is out of reach, so the test sees a difference that small.
class Sgd : public testing::TestWithParam<Loss> {};

TEST_P(Sgd, FollowsTheFlowWithinItsStatisticalError) {
  const Loss loss = GetParam();
  std::vector<data::Problem> problems;
  StepSet set;
  const SgdSettings settings{loss, V, 1200, 64, 0.02, 7};
  for (int i = 0; i < 10; ++i) {
    problems.push_back(generated(i));
    for (int c = 0; c < problems[i].hops; ++c)
      set.add(thought_step(problems[i], c, draw_label(problems[i], c, settings.seed, i), V));
  }
  const int replicas = 8;
  double diagonal = 0, squares = 0, rest = 0;
  for (int replica = 0; replica < replicas; ++replica) {
    const auto last = sgd_full_matrix(problems, settings, replica).back();
    diagonal += last.diagonal / replicas;
    squares += last.diagonal * last.diagonal / replicas;
    rest += last.rest / replicas;
    EXPECT_LT(last.rest_rms, 0.2 * last.diagonal);
    EXPECT_LT(last.diagonal_spread, 0.2 * last.diagonal);
  }
  const double error = std::sqrt((squares - diagonal * diagonal) / (replicas - 1));
  const auto stepped = mean_descent(set, loss, settings.learning_rate, {settings.steps}).back();
  const std::vector<double> times{0, settings.steps * settings.learning_rate};
  const auto full = flow(set, loss, Coupling::full, times).back();
  const auto scalar = flow(set, loss, Coupling::scalar, times).back();
  EXPECT_NEAR(diagonal, stepped.mu, 4 * error);
  EXPECT_NEAR(stepped.mu, full.mu, 1e-3 * full.mu);  // O(learning_rate)
  EXPECT_LT(error, 0.02);
  EXPECT_NEAR(rest, full.nu, 0.05 * std::abs(full.nu) + 0.001);
  // Under the BFS loss nu is small at this time, and the two flows are close.
  if (loss == Loss::coconut) {
    EXPECT_GT(std::abs(diagonal - scalar.mu), 8 * error);
  }
}

INSTANTIATE_TEST_SUITE_P(Losses, Sgd, testing::Values(Loss::coconut, Loss::coconut_bfs),
                         [](const auto& tested) {
                           return tested.param == Loss::coconut ? "coconut" : "coconut_bfs";
                         });

TEST(SgdDivergence, IsAnError) {
  const std::vector<data::Problem> problems{generated(0), generated(1)};
  const SgdSettings settings{Loss::coconut_bfs, V, 400, 2, 1e6, 7};
  const auto [code, message] = tests::error_of([&] { sgd_full_matrix(problems, settings, 0); });
  EXPECT_EQ(code, ExitCode::divergence);
  EXPECT_NE(message.find("learning_rate = 1000000"), std::string::npos) << message;
}

TEST(Extremes, KeepNaN) {
  EXPECT_EQ(larger(1, 2), 2);
  EXPECT_EQ(smaller(1, 2), 1);
  for (const double x : {larger(NAN, 1), larger(1, NAN), smaller(NAN, 1), smaller(1, NAN)})
    EXPECT_TRUE(std::isnan(x));
}

TEST(SgdReplica, IsTheSameForTheSameReplicaOnly) {
  const std::vector<data::Problem> problems{generated(0)};
  const SgdSettings settings{Loss::coconut_bfs, V, 20, 4, 0.1, 7};
  const auto a = sgd_full_matrix(problems, settings, 1).back();
  EXPECT_EQ(a.diagonal, sgd_full_matrix(problems, settings, 1).back().diagonal);
  EXPECT_NE(a.diagonal, sgd_full_matrix(problems, settings, 2).back().diagonal);
}

}  // namespace
}  // namespace superpose::theory
