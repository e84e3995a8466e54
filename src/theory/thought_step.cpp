#include "theory/thought_step.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "core/error.hpp"
#include "core/random.hpp"
#include "theory/random_steps.hpp"

namespace superpose::theory {
namespace {

double logit(const SymbolClass& s, double root_K, double K, const IndexMatching& w) {
  return ((s.inside ? 1 : 0) + w.mu * s.d + w.nu * (K * s.degree - s.d)) / root_K;
}

/// [class] softmax probability of one symbol of the class, and the sum over N_(c+1).
struct Probabilities {
  std::vector<double> of;
  double next = 0;
  double outside = 0;  ///< 1 - next, without cancellation
};

Probabilities probabilities(const ThoughtStep& step, const IndexMatching& w) {
  const double K = static_cast<double>(step.K), root_K = std::sqrt(K);
  Probabilities p;
  for (const auto& s : step.classes) p.of.push_back(logit(s, root_K, K, w));
  const double largest = *std::max_element(p.of.begin(), p.of.end());
  double sum = 0;
  for (std::size_t i = 0; i < p.of.size(); ++i) {
    p.of[i] = std::exp(p.of[i] - largest);
    sum += step.classes[i].count * p.of[i];
  }
  for (std::size_t i = 0; i < p.of.size(); ++i) {
    p.of[i] /= sum;
    (step.classes[i].next ? p.next : p.outside) += step.classes[i].count * p.of[i];
  }
  return p;
}

/// -dLoss / dxi summed over the symbols of a class. Under coconut_bfs a symbol of N_(c+1) gets
/// p_v / S - p_v = p_v (1 - S) / S, S the probability of N_(c+1).
double pull(const SymbolClass& s, double p, const Probabilities& all, Loss loss) {
  if (loss == Loss::coconut) return s.labelled - s.count * p;
  return s.count * p * (s.next ? all.outside / all.next : -1);
}

}  // namespace

ThoughtStep thought_step(const data::Problem& problem, int c, int label, int symbols) {
  SUPERPOSE_EXPECT(c >= 0 && c < problem.hops && symbols >= problem.graph.n_nodes);
  const auto within = [&](int v, int steps) {
    return problem.distance[v] >= 0 && problem.distance[v] <= steps;
  };
  std::vector<SymbolClass> of(problem.graph.n_nodes);
  for (int v = 0; v < problem.graph.n_nodes; ++v)
    of[v] = {within(v, c), within(v, c + 1), 0, 0, 1, v == label ? 1 : 0};
  for (const auto& [source, target] : problem.graph.edges) {
    of[target].d += within(source, c);
    ++of[target].degree;
  }
  ThoughtStep step;
  step.symbols = symbols;
  std::map<std::tuple<bool, bool, int, int, int>, std::int32_t> counts;
  for (const auto& s : of) {
    ++counts[{s.inside, s.next, s.d, s.degree, s.labelled}];
    step.K += s.inside;
    step.d_max = std::max<std::int64_t>(step.d_max, s.d);
  }
  if (symbols > problem.graph.n_nodes)
    counts[{false, false, 0, 0, 0}] += symbols - problem.graph.n_nodes;
  step.d_p = of[label].d;
  for (const auto& [key, count] : counts) {
    const auto& [inside, next, d, degree, labelled] = key;
    step.classes.push_back({inside, next, d, degree, count, labelled});
  }
  return step;
}

int draw_label(const data::Problem& problem, int c, std::uint64_t seed, std::uint64_t index) {
  const auto& nodes = problem.optimal[c + 1];
  RandomStream random(seed, Purpose::theory, index, random_step::label(c));
  return nodes[random.below(static_cast<std::uint32_t>(nodes.size()))];
}

double expected_degree(const ThoughtStep& step, double mu) {
  const auto p = probabilities(step, {mu, 0});
  double sum = 0;
  for (std::size_t i = 0; i < p.of.size(); ++i)
    sum += step.classes[i].count * p.of[i] * step.classes[i].d;
  return sum;
}

IndexMatching velocity(const ThoughtStep& step, Loss loss, const IndexMatching& w) {
  const double K = static_cast<double>(step.K), root_K = std::sqrt(K);
  const auto p = probabilities(step, w);
  IndexMatching v;
  for (std::size_t i = 0; i < p.of.size(); ++i) {
    const auto& s = step.classes[i];
    const double g = pull(s, p.of[i], p, loss) / root_K;
    v.mu += g * s.d;
    v.nu += g * (K * s.degree - s.d);
  }
  v.nu /= static_cast<double>(step.symbols - 1);
  return v;
}

}  // namespace superpose::theory
