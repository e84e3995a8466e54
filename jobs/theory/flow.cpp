#include <algorithm>
#include <cmath>

#include "config/theory_config.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "jobs/jobs.hpp"
#include "jobs/theory/flow_report.hpp"
#include "jobs/theory/output_file.hpp"
#include "jobs/theory/problem_set.hpp"
#include "theory/over_ranks.hpp"

namespace superpose::jobs {
namespace {

using distributed::Communicator;
using theory::Coupling;
using theory::FlowOptions;
using theory::Loss;

/// The steps whose whole paths are written.
constexpr std::size_t most_paths = 32;

/// The problems and their steps of thought generation, the same on every rank.
struct Steps {
  std::vector<data::Problem> problems;
  std::vector<StepResult> where;  ///< [step] problem, c, K, d_p and d_max; no results yet
  std::vector<theory::ThoughtStep> steps;
  int symbols = 0;
};

Steps read_steps(const FlowOptions& options, const ProblemSet& set) {
  Steps all;
  for (std::uint64_t i = 0; i < set.count; ++i) all.problems.push_back(set.at(i));
  all.symbols = symbols_for(all.problems, options.vocabulary);
  for (std::size_t i = 0; i < all.problems.size(); ++i)
    for (int c = 0; c < all.problems[i].hops; ++c) {
      const int label = theory::draw_label(all.problems[i], c, options.problems.seed, i);
      const auto step = theory::thought_step(all.problems[i], c, label, all.symbols);
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

StepResult solve(StepResult result, const theory::ThoughtStep& step,
                 const std::vector<double>& times) {
  theory::StepSet one;
  one.add(step);
  const auto coconut = theory::flow(one, Loss::coconut, Coupling::scalar, times);
  const auto bfs = theory::flow(one, Loss::coconut_bfs, Coupling::scalar, times);
  result.mu_star = theory::fixed_point(step).value_or(NAN);
  result.mu_end = coconut.back().mu;
  result.F_end = theory::expected_degree(step, result.mu_end);
  result.monotone = true;
  for (std::size_t i = 1; i < coconut.size(); ++i)
    result.monotone = result.monotone && coconut[i].mu > coconut[i - 1].mu;
  result.mu_bfs_end = bfs.back().mu;
  result.rate = theory::logarithmic_rate(times, bfs);
  return result;
}

StepPaths paths_of(const theory::ThoughtStep& step, const std::vector<double>& times) {
  theory::StepSet one;
  one.add(step);
  const auto coconut = theory::flow(one, Loss::coconut, Coupling::scalar, times);
  const auto bfs = theory::flow(one, Loss::coconut_bfs, Coupling::scalar, times);
  StepPaths paths;
  for (std::size_t i = 0; i < times.size(); ++i) {
    paths.mu_coconut[i] = coconut[i].mu;
    paths.F_coconut[i] = theory::expected_degree(step, coconut[i].mu);
    paths.mu_bfs[i] = bfs[i].mu;
  }
  return paths;
}

theory::StepSet gather(const Steps& all) {
  theory::StepSet set;
  for (const auto& step : all.steps) set.add(step);
  return set;
}

AverageFlows average_flows(const theory::StepSet& set, const std::vector<double>& times,
                           const Communicator& world) {
  const auto each = theory::over_ranks(world, 4, [&](std::uint64_t i) {
    const auto loss = static_cast<Loss>(i / 2);
    const auto coupling = static_cast<Coupling>(i % 2);
    const auto w = theory::flow(set, loss, coupling, times);
    AveragePath path{};
    std::copy(w.begin(), w.end(), path.begin());
    return path;
  });
  return {times, {{{each[0], each[1]}, {each[2], each[3]}}}};
}

SgdComparison descend(const FlowOptions& options, Loss loss, const Steps& all,
                      const theory::StepSet& set, const Communicator& world) {
  const theory::SgdSettings settings{loss,          all.symbols,           options.steps,
                                     options.batch, options.learning_rate, options.problems.seed};
  SgdComparison sgd;
  sgd.replicas = theory::over_ranks(world, options.replicas, [&](std::uint64_t replica) {
    return theory::sgd_full_matrix(all.problems, settings, replica);
  });
  std::vector<double> from_zero{0};
  for (const int step : theory::recorded_steps(settings)) {
    sgd.times.push_back(step * options.learning_rate);
    sgd.problems.push_back(static_cast<double>(step) * options.batch);
    from_zero.push_back(sgd.times.back());
  }
  sgd.full = theory::flow(set, loss, Coupling::full, from_zero);
  sgd.scalar = theory::flow(set, loss, Coupling::scalar, from_zero);
  for (auto* path : {&sgd.full, &sgd.scalar}) path->erase(path->begin());
  sgd.mean_descent =
      theory::mean_descent(set, loss, options.learning_rate, theory::recorded_steps(settings));
  return sgd;
}

}  // namespace

int theory_flow_job(const TheoryArguments& arguments, const Communicator& world) {
  const Stopwatch watch;
  const auto options = config::read_flow_options(arguments.overrides);
  const auto set = problem_set(options.problems);
  const auto metadata = theory_metadata(world, arguments, config::effective_config(options), set,
                                        options.problems.seed);
  prepare_output(arguments.output, world);
  const auto all = read_steps(options, set);
  log::info("superpose theory flow: {} {}, {} steps, V = {}, {} rank{}", set.count, set.name,
            all.steps.size(), all.symbols, world.size(), world.size() == 1 ? "" : "s");
  const auto times = theory::flow_times(options.decades);
  const auto results = theory::over_ranks(world, all.steps.size(), [&](std::uint64_t i) {
    return solve(all.where[i], all.steps[i], times);
  });
  log::info("{}", text(results));
  const auto paths =
      theory::over_ranks(world, std::min(most_paths, all.steps.size()),
                         [&](std::uint64_t i) { return paths_of(all.steps[i], times); });
  const auto mean = gather(all);
  const auto average = average_flows(mean, times, world);
  log::info("{}", text(average));
  std::deque<io::Table> tables{steps_table(results), paths_table(times, paths),
                               average_table(average)};
  if (options.replicas > 0) {
    const std::array<SgdComparison, 2> sgd{descend(options, Loss::coconut, all, mean, world),
                                           descend(options, Loss::coconut_bfs, all, mean, world)};
    log::info("{}", text(sgd));
    tables.push_back(sgd_table(sgd));
  }
  write_output(arguments.output, metadata, tables, world);
  log::info("{} in {:.1f} s", arguments.output, watch.seconds());
  return 0;
}

}  // namespace superpose::jobs
