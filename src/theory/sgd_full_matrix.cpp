#include "theory/sgd_full_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/random.hpp"
#include "theory/random_steps.hpp"

namespace superpose::theory {
namespace {

/// A step of thought generation on the nodes of its graph.
struct Instance {
  const data::Problem* problem;
  std::vector<int> inside;  ///< N_c
  std::vector<bool> next;   ///< [node] in N_(c+1)
  int label;
};

/// A contribution to the gradient: value to W[row, column].
struct Update {
  std::size_t at;
  double value;
};

std::vector<Instance> instances_of(const std::vector<data::Problem>& problems, std::uint64_t seed) {
  std::vector<Instance> all;
  for (std::size_t i = 0; i < problems.size(); ++i)
    for (int c = 0; c < problems[i].hops; ++c) {
      const auto& problem = problems[i];
      Instance instance{&problem, problem.reachable_within(c),
                        std::vector<bool>(problem.graph.n_nodes), draw_label(problem, c, seed, i)};
      for (const int v : problem.reachable_within(c + 1)) instance.next[v] = true;
      all.push_back(std::move(instance));
    }
  return all;
}

/// One draw: its nodes as symbols, the logits, and -dLoss / dxi in their place.
class Draw {
 public:
  Draw(const Instance& instance, int symbols, RandomStream& random)
      : instance_(instance), lambda_(1 / std::sqrt(static_cast<double>(instance.inside.size()))) {
    symbol_.resize(symbols);
    std::iota(symbol_.begin(), symbol_.end(), 0);
    random.shuffle(symbol_);
  }

  /// Appends the gradient of -loss at W.
  void add_gradient(const std::vector<double>& W, Loss loss, std::vector<Update>& updates) {
    compute_logits(W);
    compute_pull(loss);
    std::vector<double> of_source(instance_.problem->graph.n_nodes, 0);
    for (const auto& [s, v] : instance_.problem->graph.edges) of_source[s] += xi_[symbol_[v]];
    for (std::size_t s = 0; s < of_source.size(); ++s)
      for (const int u : instance_.inside) updates.push_back({at(u, s), lambda_ * of_source[s]});
  }

 private:
  std::size_t at(int u, std::size_t s) const { return symbol_[u] * symbol_.size() + symbol_[s]; }

  void compute_logits(const std::vector<double>& W) {
    xi_.assign(symbol_.size(), 0);
    for (const int u : instance_.inside) xi_[symbol_[u]] += lambda_;
    std::vector<double> match(instance_.problem->graph.n_nodes, 0);
    for (std::size_t s = 0; s < match.size(); ++s)
      for (const int u : instance_.inside) match[s] += lambda_ * W[at(u, s)];
    for (const auto& [s, v] : instance_.problem->graph.edges) xi_[symbol_[v]] += match[s];
  }

  void compute_pull(Loss loss) {
    const double largest = *std::max_element(xi_.begin(), xi_.end());
    double sum = 0, inside = 0;
    for (double& x : xi_) sum += x = std::exp(x - largest);
    for (double& x : xi_) x /= -sum;
    if (loss == Loss::coconut) {
      xi_[symbol_[instance_.label]] += 1;
      return;
    }
    for (std::size_t v = 0; v < instance_.next.size(); ++v)
      if (instance_.next[v]) inside -= xi_[symbol_[v]];
    for (std::size_t v = 0; v < instance_.next.size(); ++v)
      if (instance_.next[v]) xi_[symbol_[v]] *= 1 - 1 / inside;
  }

  const Instance& instance_;
  double lambda_;
  std::vector<int> symbol_;  ///< [node] a permutation of all symbols; its first n_nodes are used
  std::vector<double> xi_;   ///< [symbol]
};

MatrixState state_of(const std::vector<double>& W, int V) {
  MatrixState state;
  double squares = 0, rest_squares = 0;
  for (int u = 0; u < V; ++u)
    for (int s = 0; s < V; ++s) {
      const double w = W[static_cast<std::size_t>(u) * V + s];
      (u == s ? state.diagonal : state.rest) += w;
      (u == s ? squares : rest_squares) += w * w;
      if (u != s) state.rest_largest = std::max(state.rest_largest, std::abs(w));
    }
  const double n = V, n_rest = n * (n - 1);
  state.diagonal /= n;
  state.rest /= n_rest;
  state.rest_rms = std::sqrt(rest_squares / n_rest);
  state.diagonal_spread = std::sqrt(std::max(0.0, squares / n - state.diagonal * state.diagonal));
  return state;
}

/// Error (divergence) if a number is not finite.
MatrixState finite_state(const std::vector<double>& W, const SgdSettings& settings, int step) {
  const auto state = state_of(W, settings.symbols);
  validate(std::isfinite(state.diagonal) && std::isfinite(state.rest), ExitCode::divergence,
           "the descent on W diverged before step {} (learning_rate = {}); lower learning_rate or "
           "raise batch",
           step, settings.learning_rate);
  return state;
}

}  // namespace

std::vector<int> recorded_steps(const SgdSettings& settings) {
  std::vector<int> steps;
  for (int i = 1; i <= sgd_records; ++i)
    steps.push_back(static_cast<int>(std::int64_t{settings.steps} * i / sgd_records));
  return steps;
}

SgdHistory sgd_full_matrix(const std::vector<data::Problem>& problems, const SgdSettings& settings,
                           std::uint64_t replica) {
  SUPERPOSE_EXPECT(settings.steps >= 1 && settings.batch >= 1);
  const auto instances = instances_of(problems, settings.seed);
  const auto V = static_cast<std::size_t>(settings.symbols);
  const double rate = settings.learning_rate * settings.symbols / settings.batch;
  const auto records = recorded_steps(settings);
  std::vector<double> W(V * V, 0);
  std::vector<Update> updates;
  SgdHistory history;
  int recorded = 0;
  const auto record = [&](int step) {
    for (; recorded < sgd_records && records[recorded] == step; ++recorded)
      history[recorded] = finite_state(W, settings, step);
  };
  record(0);
  for (int step = 1; step <= settings.steps; ++step) {
    updates.clear();
    RandomStream random(settings.seed, Purpose::theory, replica, random_step::descent(step));
    for (int b = 0; b < settings.batch; ++b) {
      const auto& drawn = instances[random.below(static_cast<std::uint32_t>(instances.size()))];
      Draw(drawn, settings.symbols, random).add_gradient(W, settings.loss, updates);
    }
    for (const auto& update : updates) W[update.at] += rate * update.value;
    record(step);
  }
  return history;
}

}  // namespace superpose::theory
