#include <gtest/gtest.h>

#include <cmath>

#include "data/generator.hpp"
#include "theory/evenness.hpp"
#include "theory/flow_bounds.hpp"
#include "theory/index_matching_flow.hpp"
#include "theory/prediction_stage.hpp"
#include "theory/random_graphs.hpp"
#include "theory/simplified_transformer.hpp"
#include "theory/verify_construction.hpp"

namespace superpose::theory {
namespace {

constexpr int V = 31;  ///< nodes that the smallest vocabulary names

double any_match(int u, int s) {
  return std::sin(3.0 * u + 7.0 * s) + (u == s ? 2 : 0);
}

/// Logits for any W straight from the definition (thought_step.hpp).
std::vector<double> logits_of(const data::Problem& problem, const std::vector<double>& lambda) {
  std::vector<double> xi(lambda);
  for (const auto& [s, v] : problem.graph.edges)
    for (int u = 0; u < V; ++u) xi[v] += lambda[u] * any_match(u, s);
  return xi;
}

void normalise(std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  for (double& v : x) v /= std::sqrt(sum);
}

TEST(SimplifiedTransformer, ComputesTheClosedFormForAnyW) {
  const data::Vocabulary vocabulary;
  for (int index = 0; index < 8; ++index) {
    const auto problem = random_problem(3, index, 6, 30);
    SimplifiedTransformer transformer(vocabulary, {any_match, 1.7, 0.4});
    for (const auto token : prompt_of(problem, vocabulary, 1, index)) transformer.append(token);
    std::vector<double> lambda(V, 0);
    lambda[problem.root] = 1;
    for (int c = 0; c < 4; ++c) {
      const auto expected = logits_of(problem, lambda);
      const auto found = transformer.logits();
      for (int v = 0; v < V; ++v)
        EXPECT_NEAR(found[v], expected[v], 1e-12 * std::abs(expected[v]) + 1e-14);
      lambda = expected;
      normalise(lambda);
      transformer.think();
    }
    transformer.append(vocabulary.answer());
    const auto found = transformer.logits();
    for (int v = 0; v < V; ++v) {
      const bool candidate = v == problem.target || v == problem.neg_target;
      EXPECT_NEAR(found[v], 1.7 * lambda[v] + (candidate ? 0.4 : 0), 1e-13);
    }
  }
}

/// Off the diagonal, too, the logits are those that the flow of (mu, nu) reads.
TEST(SimplifiedTransformer, HasTheDegreesOfTheThoughtStep) {
  const data::Vocabulary vocabulary;
  const auto problem = data::generate_problem({}, 2).problem;
  const double mu = 1.3, nu = -0.1;
  SimplifiedTransformer transformer(vocabulary,
                                    {[&](int u, int s) { return u == s ? mu : nu; }, 1, 1});
  for (const auto token : prompt_of(problem, vocabulary, 1, 2)) transformer.append(token);
  const auto inside = problem.reachable_within(2);
  const double K = static_cast<double>(inside.size());
  std::vector<double> content(vocabulary.size(), 0);
  for (const int v : inside) content[v] = 1 / std::sqrt(K);
  transformer.append(content);
  const auto found = transformer.logits();
  for (int v = 0; v < problem.graph.n_nodes; ++v) {
    double d = 0, D = 0;
    for (const auto& [s, t] : problem.graph.edges) {
      D += t == v;
      d += t == v && content[s] > 0;
    }
    const double expected = ((content[v] > 0 ? 1 : 0) + mu * d + nu * (K * D - d)) / std::sqrt(K);
    EXPECT_NEAR(found[v], expected, 1e-12 * std::abs(expected) + 1e-14);
  }
}

TEST(SimplifiedTransformer, ExpandsByOneStepForEveryPositiveMu) {
  const data::Vocabulary vocabulary;
  for (const double mu : {1e-9, 1e-3, 1.0, 1e6})
    for (int index = 0; index < 6; ++index) {
      const auto problem = random_problem(3, index, 6, 30);
      SimplifiedTransformer transformer(vocabulary,
                                        {[&](int u, int s) { return u == s ? mu : 0; }, 1, 1});
      for (const auto token : prompt_of(problem, vocabulary, 1, index)) transformer.append(token);
      for (int c = 1; c <= 5; ++c) {
        const auto thought = transformer.think();
        for (int v = 0; v < problem.graph.n_nodes; ++v)
          EXPECT_EQ(thought[v] > 0, problem.distance[v] >= 0 && problem.distance[v] <= c);
      }
    }
}

/// mu = 0 and mu < 0 are outside of the theorem, and fail.
TEST(SimplifiedTransformer, DoesNotExpandWithoutPositiveMu) {
  const data::Vocabulary vocabulary;
  const auto problem = data::generate_problem({}, 2).problem;
  for (const double mu : {0.0, -1.0}) {
    SimplifiedTransformer transformer(vocabulary,
                                      {[&](int u, int s) { return u == s ? mu : 0; }, 1, 1});
    for (const auto token : prompt_of(problem, vocabulary, 1, 2)) transformer.append(token);
    const auto thought = transformer.think();
    for (int v = 0; v < V; ++v) EXPECT_EQ(thought[v] > 0, v == problem.root);
  }
}

std::vector<ThoughtStep> steps_of(int problems) {
  std::vector<ThoughtStep> steps;
  for (int i = 0; i < problems; ++i) {
    const auto problem = data::generate_problem({}, i).problem;
    for (int c = 0; c < problem.hops; ++c)
      steps.push_back(thought_step(problem, c, draw_label(problem, c, 1, i), 40));
  }
  return steps;
}

/// mu(t) of one loss by Euler steps that rise with time: nothing of the solver of the program.
double euler(const ThoughtStep& step, Loss loss, double end) {
  double mu = 0, t = 0;
  while (t < end) {
    const double h = std::min(end - t, 1e-3 * (1 + t));
    const double middle = mu + 0.5 * h * velocity(step, loss, {mu, 0}).mu;
    mu += h * velocity(step, loss, {middle, 0}).mu;
    t += h;
  }
  return mu;
}

TEST(FlowBounds, HoldMuFromBothSides) {
  int approach = 0, growth = 0;
  for (const auto& step : steps_of(4)) {
    (step.d_p < step.d_max ? approach : growth) += 1;
    for (const auto loss : {Loss::coconut, Loss::coconut_bfs}) {
      const FlowBounds bounds(step, loss);
      EXPECT_EQ(bounds.at(0).low, 0);
      EXPECT_EQ(bounds.at(0).high, 0);
      for (const double t : {0.01, 1.0, 100.0}) {
        const auto [low, high] = bounds.at(t);
        const double mu = euler(step, loss, t);
        EXPECT_LT(low, mu + 1e-6);
        EXPECT_GT(high, mu - 1e-6);
        EXPECT_GT(low, 0);
      }
    }
  }
  EXPECT_GT(approach, 2);
  EXPECT_GT(growth, 2);
}

/// Both bounds grow at the same rate, that of mu: their difference stays.
TEST(FlowBounds, GrowAtTheRateOfTheFlow) {
  for (const auto& step : steps_of(3)) {
    const FlowBounds bounds(step, Loss::coconut_bfs);
    const double rate = std::sqrt(static_cast<double>(step.K)) / static_cast<double>(step.d_max);
    const auto early = bounds.at(1e8), late = bounds.at(1e9);
    EXPECT_NEAR(late.low - early.low, rate * std::log(10), 1e-4 * rate);
    EXPECT_NEAR(late.high - early.high, rate * std::log(10), 1e-4 * rate);
  }
}

/// N_(c+1): the root (inside, no edges into it), two nodes with one edge, one with three.
ThoughtStep uneven_step() {
  ThoughtStep step;
  step.symbols = 10;
  step.K = 1;
  step.d_max = 3;
  step.classes = {{true, true, 0, 0, 1, 0},
                  {false, true, 1, 1, 2, 1},
                  {false, true, 3, 3, 1, 0},
                  {false, false, 0, 0, 6, 0}};
  return step;
}

TEST(Evenness, IsThatOfTheWeights) {
  const auto step = uneven_step();
  const double mu = 0.5;
  const auto expected = [](std::vector<double> w) {
    double sum = 0, entropy = 0;
    for (const double x : w) sum += x;
    for (const double x : w) entropy -= x / sum * std::log(x / sum);
    return entropy;
  };
  const auto thought = evenness(step, TraceWeights::thought, mu);
  EXPECT_NEAR(thought.entropy, expected({1, 0.25, 0.25, 2.25}), 1e-14);
  EXPECT_NEAR(thought.effective, std::exp(thought.entropy), 1e-14);
  EXPECT_NEAR(thought.share, thought.entropy / std::log(4), 1e-14);
  const auto softmax = evenness(step, TraceWeights::softmax, mu);
  EXPECT_NEAR(softmax.entropy, expected({std::exp(1), std::exp(0.5), std::exp(0.5), std::exp(1.5)}),
              1e-14);
}

TEST(Evenness, EndsAtOneNodeWithMuInSoftmaxAndNotInTheThought) {
  const auto step = uneven_step();
  EXPECT_NEAR(evenness(step, TraceWeights::thought, 0).effective, 1, 1e-12);
  EXPECT_NEAR(evenness(step, TraceWeights::softmax, 1e4).effective, 1, 1e-12);
  const double in_the_limit = (2 * std::log(11) + 9 * std::log(11.0 / 9)) / 11;
  EXPECT_NEAR(evenness(step, TraceWeights::thought, 1e9).entropy, in_the_limit, 1e-6);
}

TEST(Evenness, LeavesSingleNodesOut) {
  auto step = uneven_step();
  EvennessMoments moments;
  moments.add(FlowGroup::bfs, step, 1);
  step.classes = {{true, true, 1, 1, 1, 1}, {false, false, 0, 0, 9, 0}};
  EXPECT_TRUE(std::isnan(evenness(step, TraceWeights::thought, 1).share));
  moments.add(FlowGroup::bfs, step, 1);
  EXPECT_EQ(moments.share[index_of(FlowGroup::bfs)][0].count(), 1);
  EXPECT_EQ(moments.share[index_of(FlowGroup::bounded)][0].count(), 0);
}

}  // namespace
}  // namespace superpose::theory
