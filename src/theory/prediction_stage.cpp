#include "theory/prediction_stage.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/error.hpp"

namespace superpose::theory {
namespace {

/// exp of less changes no sum of this file: late in a flow most margins are that large.
constexpr double negligible = -60;

double dot(const Pair& a, const Pair& b) {
  return a[0] * b[0] + a[1] * b[1];
}

Pair at_angle(double angle) {
  return {std::cos(angle), std::sin(angle)};
}

void normalise(std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  for (double& v : x) v /= std::sqrt(sum);
}

/// log(1 + sum over symbols of exp(-margin)) of one problem, without overflow.
double log_partition(const Prediction& problem, const Pair& mu) {
  double smallest = 0;
  for (const auto& m : problem.margins) smallest = std::min(smallest, dot(m.a, mu));
  double sum = std::exp(smallest);
  for (const auto& m : problem.margins) {
    const double exponent = smallest - dot(m.a, mu);
    if (exponent > negligible) sum += m.count * std::exp(exponent);
  }
  return std::log(sum) - smallest;
}

}  // namespace

std::vector<double> uniform_thought(const data::Problem& problem) {
  std::vector<double> lambda(problem.graph.n_nodes, 0);
  for (const int v : problem.reachable_within(problem.hops)) lambda[v] = 1;
  normalise(lambda);
  return lambda;
}

std::vector<double> flow_thought(const data::Problem& problem, double mu) {
  std::vector<double> lambda(problem.graph.n_nodes, 0);
  lambda[problem.root] = 1;
  for (int c = 0; c < problem.hops; ++c) {
    auto xi = lambda;
    for (const auto& [u, v] : problem.graph.edges) xi[v] += mu * lambda[u];
    normalise(xi);
    lambda = xi;
  }
  return lambda;
}

Prediction prediction(const data::Problem& problem, const std::vector<double>& lambda,
                      int symbols) {
  SUPERPOSE_EXPECT(symbols >= problem.graph.n_nodes);
  const double of_target = lambda[problem.target];
  std::map<Pair, double> counts;
  Prediction result;
  for (int v = 0; v < problem.graph.n_nodes; ++v) {
    result.K += lambda[v] > 0;
    if (v == problem.target) continue;
    ++counts[{of_target - lambda[v], v == problem.neg_target ? 0.0 : 1.0}];
  }
  if (symbols > problem.graph.n_nodes) counts[{of_target, 1.0}] += symbols - problem.graph.n_nodes;
  for (const auto& [a, count] : counts) result.margins.push_back({a, count});
  return result;
}

double smallest_margin(const std::vector<Prediction>& set, const Pair& mu) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const auto& problem : set)
    for (const auto& m : problem.margins) smallest = std::min(smallest, dot(m.a, mu));
  return smallest;
}

double accuracy(const std::vector<Prediction>& set, const Pair& mu) {
  double right = 0;
  for (const auto& problem : set) right += smallest_margin({problem}, mu) > 0;
  return right / static_cast<double>(set.size());
}

double loss(const std::vector<Prediction>& set, const Pair& mu) {
  double sum = 0;
  for (const auto& problem : set) sum += log_partition(problem, mu);
  return sum / static_cast<double>(set.size());
}

Pair descent(const std::vector<Prediction>& set, const Pair& mu, double log_factor) {
  Pair sum{0, 0};
  for (const auto& problem : set) {
    const double offset = log_factor - log_partition(problem, mu);
    for (const auto& m : problem.margins) {
      const double exponent = offset - dot(m.a, mu);
      if (exponent < negligible) continue;
      const double pull = m.count * std::exp(exponent);
      sum = {sum[0] + pull * m.a[0], sum[1] + pull * m.a[1]};
    }
  }
  const double n = static_cast<double>(set.size());
  return {sum[0] / n, sum[1] / n};
}

/// The smallest margin is quasi-concave in the angle where it is positive: a grid finds the hill, a
/// search by thirds its top.
Pair max_margin_direction(const std::vector<Prediction>& set) {
  const double pi = std::acos(-1.0);
  const auto value = [&](double angle) { return smallest_margin(set, at_angle(angle)); };
  constexpr int grid = 720;
  double best = 0;
  for (int i = 1; i < grid; ++i) {
    const double angle = 2 * pi * i / grid;
    if (value(angle) > value(best)) best = angle;
  }
  double low = best - 2 * pi / grid, high = best + 2 * pi / grid;
  while (high - low > 1e-12) {
    const double left = low + (high - low) / 3, right = high - (high - low) / 3;
    (value(left) < value(right) ? low : high) = value(left) < value(right) ? left : right;
  }
  return at_angle(0.5 * (low + high));
}

double off_direction(const Pair& x, const Pair& direction) {
  const double norm = std::hypot(x[0], x[1]);
  return std::hypot(x[0] / norm - direction[0], x[1] / norm - direction[1]);
}

std::vector<Pair> prediction_flow(const std::vector<Prediction>& set,
                                  const std::vector<double>& s) {
  return integrate_stiff([&](const Pair& mu, double now) { return descent(set, mu, now); }, {0, 0},
                         s, 1e-6);
}

std::vector<double> log_times(double decades) {
  constexpr int per_decade_of_s = 8;
  const double last = decades * std::log(10.0);
  std::vector<double> s{0};
  const int n = static_cast<int>(std::ceil(per_decade_of_s * std::log10(last / 0.1)));
  for (int i = 0; i <= n; ++i) s.push_back(last * std::pow(10.0, double(i - n) / per_decade_of_s));
  return s;
}

}  // namespace superpose::theory
