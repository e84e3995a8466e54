#include "theory/prediction_study.hpp"

#include <cmath>

#include "core/progress_bar.hpp"
#include "theory/index_matching_flow.hpp"
#include "theory/over_ranks.hpp"
#include "theory/thought_step.hpp"

namespace superpose::theory {
namespace {

/// The time at which the flow of thought generation hands its mu over: it has come to rest by then.
constexpr double decades_of_flow = 5;

}  // namespace

double mu_of_flow(const std::vector<data::Problem>& problems, std::uint64_t seed, int symbols) {
  StepSet set;
  for (std::size_t i = 0; i < problems.size(); ++i)
    for (int c = 0; c < problems[i].hops; ++c)
      set.add(thought_step(problems[i], c, draw_label(problems[i], c, seed, i), symbols));
  const auto path = flow(set, Loss::coconut, Coupling::scalar, flow_times(decades_of_flow));
  return path.back().mu;
}

Predictions predictions_of(const std::vector<data::Problem>& problems, double mu, int symbols) {
  Predictions all;
  for (const auto& problem : problems) {
    all.uniform.push_back(prediction(problem, uniform_thought(problem), symbols));
    all.flow.push_back(prediction(problem, flow_thought(problem, mu), symbols));
  }
  return all;
}

Descent descend(const std::vector<Prediction>& all, const PredictOptions& options) {
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() - all.size() / 3);
  const std::vector<Prediction> seen(all.begin(), middle), unseen(middle, all.end());
  Descent record;
  Pair mu{0, 0};
  double next = 1;
  ProgressBar bar("theory", options.steps);
  for (int step = 1; step <= options.steps; ++step, bar.advance()) {
    const auto pull = descent(seen, mu);
    mu = {mu[0] + options.learning_rate * pull[0], mu[1] + options.learning_rate * pull[1]};
    if (step < std::lround(next) && step != options.steps) continue;
    while (std::lround(next) <= step) next *= std::pow(10.0, 0.125);
    record.steps.push_back(step);
    record.mu.push_back(mu);
    record.loss.push_back(loss(seen, mu));
    record.seen.push_back(accuracy(seen, mu));
    record.unseen.push_back(accuracy(unseen, mu));
  }
  return record;
}

FollowedPaths follow_all(const Predictions& all, const std::vector<double>& s,
                         const distributed::Communicator& world) {
  const std::vector<std::vector<Prediction>> wholes{{all.uniform[0]}, all.uniform, all.flow};
  return {over_ranks(world, all.uniform.size(),
                     [&](std::uint64_t i) { return follow({all.uniform[i]}, s); }),
          over_ranks(world, wholes.size(), [&](std::uint64_t i) { return follow(wholes[i], s); })};
}

}  // namespace superpose::theory
