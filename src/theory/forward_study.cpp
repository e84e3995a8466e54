#include "theory/forward_study.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "theory/extremes.hpp"
#include "theory/over_ranks.hpp"
#include "theory/simplified_transformer.hpp"
#include "theory/verify_construction.hpp"

namespace superpose::theory {
namespace {

using Vector = std::vector<double>;

/// A weight is at least mu^-1 or mu of the one before: after all hops it has to be a normal number.
constexpr int smallest_exponent = 300;

double norm(const Vector& x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  return std::sqrt(sum);
}

/// The closed form of the next thought's logits, [node].
Vector closed_logits(const data::Problem& problem, const Vector& lambda, double mu) {
  Vector xi = lambda;
  for (const auto& [s, v] : problem.graph.edges) xi[v] += mu * lambda[s];
  return xi;
}

/// Largest relative difference over the nodes; infinite where only one of them is 0.
double difference(const Vector& found, const Vector& expected) {
  double largest = 0;
  for (std::size_t v = 0; v < found.size(); ++v) {
    const double wanted = v < expected.size() ? expected[v] : 0;
    if (found[v] != wanted)
      largest = larger(largest, std::abs(found[v] - wanted) / std::abs(wanted));
  }
  return largest;
}

/// Whether exactly the nodes within c steps have weight.
bool holds_exactly(const Vector& thought, const data::Problem& problem, int c) {
  for (std::size_t v = 0; v < thought.size(); ++v) {
    const int d = v < problem.distance.size() ? problem.distance[v] : -1;
    if ((thought[v] > 0) != (d >= 0 && d <= c)) return false;
  }
  return true;
}

double smallest_positive(const Vector& thought) {
  double smallest = 1;
  for (const double x : thought)
    if (x > 0) smallest = smaller(smallest, x);
  return smallest;
}

/// One problem, one mu.
class Forward {
 public:
  Forward(const data::Problem& problem, const data::Vocabulary& vocabulary, double mu)
      : problem_(problem),
        vocabulary_(vocabulary),
        mu_(mu),
        transformer_(vocabulary, {[mu](int u, int s) { return u == s ? mu : 0.0; }, 1, 1}) {}

  ForwardMeasure run(const std::vector<std::int32_t>& prompt) {
    for (const auto token : prompt) transformer_.append(token);
    for (int c = 0; c < problem_.hops; ++c) expand_uniform(c);
    Vector lambda(problem_.graph.n_nodes, 0);
    lambda[problem_.root] = 1;
    for (int c = 0; c < problem_.hops; ++c) {
      check(lambda, c + 1);
      measured_.smallest_weight =
          smaller(measured_.smallest_weight, smallest_positive(transformer_.think()));
      lambda = closed_logits(problem_, lambda, mu_);
      const double size = norm(lambda);
      for (double& x : lambda) x /= size;
    }
    answer(lambda);
    return measured_;
  }

 private:
  /// The logits at the last position beside those that follow from its weights lambda.
  void check(const Vector& lambda, int c) {
    const auto logits = transformer_.logits();
    ++measured_.thoughts;
    measured_.exact += holds_exactly(logits, problem_, c);
    measured_.thought_error =
        larger(measured_.thought_error, difference(logits, closed_logits(problem_, lambda, mu_)));
  }

  /// The step after a thought uniform over N_c; the sequence is left as it was.
  void expand_uniform(int c) {
    const auto inside = problem_.reachable_within(c);
    Vector lambda(problem_.graph.n_nodes, 0);
    for (const int v : inside) lambda[v] = 1 / std::sqrt(static_cast<double>(inside.size()));
    Vector content = lambda;
    content.resize(vocabulary_.size(), 0);
    transformer_.append(content);
    check(lambda, c + 1);
    transformer_.remove_last();
  }

  void answer(Vector logits) {
    transformer_.append(vocabulary_.answer());
    const auto found = transformer_.logits();
    for (const int candidate : {problem_.target, problem_.neg_target}) logits[candidate] += 1;
    measured_.answer_error = difference(found, logits);
    const double target = found[problem_.target];
    measured_.right =
        std::count_if(found.begin(), found.end(), [&](double x) { return x >= target; }) == 1;
  }

  const data::Problem& problem_;
  const data::Vocabulary& vocabulary_;
  double mu_;
  SimplifiedTransformer transformer_;
  ForwardMeasure measured_;
};

void check_range(int hops, int decades) {
  validate(hops * decades <= smallest_exponent, ExitCode::usage,
           "decades = {} is too many for {} hops (a thought would hold 10^-{} of a node, and f64 "
           "ends near 10^-{}); give at most {}",
           decades, hops, hops * decades, smallest_exponent, smallest_exponent / hops);
}

}  // namespace

std::vector<ForwardResult> study_forward(const ForwardOptions& options, const ProblemSet& set,
                                         const distributed::Communicator& world) {
  int nodes = 0;
  for (std::uint64_t i = 0; i < set.count; ++i) {
    const auto problem = set.at(i);
    nodes = std::max(nodes, problem.graph.n_nodes);
    check_range(problem.hops, options.decades);
  }
  const data::Vocabulary vocabulary(data::smallest_vocab_size(nodes));
  return over_ranks(world, set.count, [&](std::uint64_t i) {
    const auto problem = set.at(i);
    const auto prompt = prompt_of(problem, vocabulary, options.problems.seed, i);
    ForwardResult result;
    result.n_nodes = problem.graph.n_nodes;
    result.n_edges = static_cast<std::int64_t>(problem.graph.edges.size());
    result.hops = problem.hops;
    for (int e = -options.decades; e <= options.decades; ++e)
      result.by_mu[e + options.decades] =
          Forward(problem, vocabulary, std::pow(10.0, e)).run(prompt);
    return result;
  });
}

}  // namespace superpose::theory
