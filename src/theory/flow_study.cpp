#include "theory/flow_study.hpp"

#include <algorithm>
#include <cmath>

#include "theory/extremes.hpp"
#include "theory/over_ranks.hpp"

namespace superpose::theory {
namespace {

using distributed::Communicator;

/// The steps whose whole paths are written.
constexpr std::size_t most_paths = 32;

/// Steps whose evenness is averaged by one rank: the means are then the same on any number.
constexpr std::size_t steps_together = 32;

/// By how much mu is outside; 0 within.
double excess(double mu, const Bounds& bounds) {
  return larger(0, larger(bounds.low - mu, mu - bounds.high));
}

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
  const FlowBounds bounds(step, Loss::coconut), bounds_bfs(step, Loss::coconut_bfs);
  result.end = bounds.at(times.back());
  result.bfs_end = bounds_bfs.at(times.back());
  for (std::size_t i = 0; i < times.size(); ++i) {
    result.excess = larger(result.excess, excess(coconut[i].mu, bounds.at(times[i])));
    result.excess = larger(result.excess, excess(bfs[i].mu, bounds_bfs.at(times[i])));
  }
  result.rate = logarithmic_rate(times, bfs);
  return result;
}

StepPaths paths_of(const ThoughtStep& step, const std::vector<double>& times) {
  StepSet one;
  one.add(step);
  const auto coconut = flow(one, Loss::coconut, Coupling::scalar, times);
  const auto bfs = flow(one, Loss::coconut_bfs, Coupling::scalar, times);
  const FlowBounds bounds(step, Loss::coconut), bounds_bfs(step, Loss::coconut_bfs);
  StepPaths paths;
  for (std::size_t i = 0; i < times.size(); ++i) {
    paths.mu_coconut[i] = coconut[i].mu;
    paths.F_coconut[i] = expected_degree(step, coconut[i].mu);
    paths.mu_bfs[i] = bfs[i].mu;
    paths.bounds_coconut[i] = bounds.at(times[i]);
    paths.bounds_bfs[i] = bounds_bfs.at(times[i]);
  }
  return paths;
}

/// Adds a step to the averages at all times.
void add_evenness(const ThoughtStep& step, const std::vector<double>& times, EvennessPath& path) {
  StepSet one;
  one.add(step);
  const auto coconut = flow(one, Loss::coconut, Coupling::scalar, times);
  const auto bfs = flow(one, Loss::coconut_bfs, Coupling::scalar, times);
  const auto group = step.d_p < step.d_max ? FlowGroup::bounded : FlowGroup::unbounded;
  for (std::size_t i = 0; i < times.size(); ++i) {
    path[i].add(group, step, coconut[i].mu);
    path[i].add(FlowGroup::bfs, step, bfs[i].mu);
  }
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

EvennessPath evenness_along(const FlowSteps& all, const std::vector<double>& times,
                            const Communicator& world) {
  const std::size_t n = all.steps.size();
  const auto parts =
      over_ranks(world, (n + steps_together - 1) / steps_together, [&](std::uint64_t part) {
        EvennessPath path{};
        const std::size_t end = std::min(n, (part + 1) * steps_together);
        for (std::size_t i = part * steps_together; i < end; ++i)
          add_evenness(all.steps[i], times, path);
        return path;
      });
  EvennessPath path{};
  for (const auto& part : parts)
    for (std::size_t i = 0; i < times.size(); ++i) path[i].add(part[i]);
  return path;
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
