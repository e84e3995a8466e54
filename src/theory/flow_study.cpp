#include "theory/flow_study.hpp"

#include <algorithm>
#include <cmath>

#include "theory/over_ranks.hpp"

namespace superpose::theory {
namespace {

using distributed::Communicator;

/// The steps whose whole paths are written.
constexpr std::size_t most_paths = 32;

StepResult solve(StepResult result, const ThoughtStep& step, const std::vector<double>& times) {
  StepSet one;
  one.add(step);
  const auto coconut = flow(one, Loss::coconut, Coupling::scalar, times);
  const auto bfs = flow(one, Loss::coconut_bfs, Coupling::scalar, times);
  result.mu_star = fixed_point(step).value_or(NAN);
  result.mu_end = coconut.back().mu;
  result.F_end = expected_degree(step, result.mu_end);
  result.monotone = true;
  for (std::size_t i = 1; i < coconut.size(); ++i)
    result.monotone = result.monotone && coconut[i].mu > coconut[i - 1].mu;
  result.mu_bfs_end = bfs.back().mu;
  result.rate = logarithmic_rate(times, bfs);
  return result;
}

StepPaths paths_of(const ThoughtStep& step, const std::vector<double>& times) {
  StepSet one;
  one.add(step);
  const auto coconut = flow(one, Loss::coconut, Coupling::scalar, times);
  const auto bfs = flow(one, Loss::coconut_bfs, Coupling::scalar, times);
  StepPaths paths;
  for (std::size_t i = 0; i < times.size(); ++i) {
    paths.mu_coconut[i] = coconut[i].mu;
    paths.F_coconut[i] = expected_degree(step, coconut[i].mu);
    paths.mu_bfs[i] = bfs[i].mu;
  }
  return paths;
}

}  // namespace

FlowSteps flow_steps(const FlowOptions& options, const ProblemSet& set) {
  FlowSteps all;
  for (std::uint64_t i = 0; i < set.count; ++i) all.problems.push_back(set.at(i));
  all.symbols = symbols_for(all.problems, options.vocabulary);
  for (std::size_t i = 0; i < all.problems.size(); ++i)
    for (int c = 0; c < all.problems[i].hops; ++c) {
      const int label = draw_label(all.problems[i], c, options.problems.seed, i);
      const auto step = thought_step(all.problems[i], c, label, all.symbols);
      StepResult where;
      where.problem = static_cast<std::int64_t>(i);
      where.c = c;
      where.K = step.K;
      where.d_p = step.d_p;
      where.d_max = step.d_max;
      all.where.push_back(where);
      all.steps.push_back(step);
    }
  return all;
}

StepSet FlowSteps::together() const {
  StepSet set;
  for (const auto& step : steps) set.add(step);
  return set;
}

std::vector<StepResult> solve_steps(const FlowSteps& all, const std::vector<double>& times,
                                    const Communicator& world) {
  return over_ranks(world, all.steps.size(),
                    [&](std::uint64_t i) { return solve(all.where[i], all.steps[i], times); });
}

std::vector<StepPaths> step_paths(const FlowSteps& all, const std::vector<double>& times,
                                  const Communicator& world) {
  return over_ranks(world, std::min(most_paths, all.steps.size()),
                    [&](std::uint64_t i) { return paths_of(all.steps[i], times); });
}

AverageFlows average_flows(const StepSet& set, const std::vector<double>& times,
                           const Communicator& world) {
  const auto each = over_ranks(world, 4, [&](std::uint64_t i) {
    const auto loss = static_cast<Loss>(i / 2);
    const auto coupling = static_cast<Coupling>(i % 2);
    const auto w = flow(set, loss, coupling, times);
    AveragePath path{};
    std::copy(w.begin(), w.end(), path.begin());
    return path;
  });
  return {times, {{{each[0], each[1]}, {each[2], each[3]}}}};
}

SgdComparison descend(const FlowOptions& options, Loss loss, const FlowSteps& all,
                      const Communicator& world) {
  const auto set = all.together();
  const SgdSettings settings{loss,          all.symbols,           options.steps,
                             options.batch, options.learning_rate, options.problems.seed};
  SgdComparison sgd;
  sgd.replicas = over_ranks(world, options.replicas, [&](std::uint64_t replica) {
    return sgd_full_matrix(all.problems, settings, replica);
  });
  std::vector<double> from_zero{0};
  for (const int step : recorded_steps(settings)) {
    sgd.times.push_back(step * options.learning_rate);
    sgd.problems.push_back(static_cast<double>(step) * options.batch);
    from_zero.push_back(sgd.times.back());
  }
  sgd.full = flow(set, loss, Coupling::full, from_zero);
  sgd.scalar = flow(set, loss, Coupling::scalar, from_zero);
  for (auto* path : {&sgd.full, &sgd.scalar}) path->erase(path->begin());
  sgd.mean_descent = mean_descent(set, loss, options.learning_rate, recorded_steps(settings));
  return sgd;
}

}  // namespace superpose::theory
