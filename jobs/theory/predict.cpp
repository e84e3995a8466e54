#include <algorithm>
#include <cmath>

#include "config/theory_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "jobs/jobs.hpp"
#include "jobs/theory/output_file.hpp"
#include "jobs/theory/predict_report.hpp"
#include "jobs/theory/problem_set.hpp"
#include "theory/index_matching_flow.hpp"
#include "theory/over_ranks.hpp"

namespace superpose::jobs {
namespace {

using distributed::Communicator;
using theory::Prediction;
using theory::PredictOptions;

/// The time at which part 2's flow hands its mu over: it has come to rest by then.
constexpr double decades_of_flow = 5;

/// mu of the mean flow over all steps of the problems, coconut loss, nu = 0 (EoS Theorem 1).
double mu_of_flow(const std::vector<data::Problem>& problems, std::uint64_t seed, int symbols) {
  theory::StepSet set;
  for (std::size_t i = 0; i < problems.size(); ++i)
    for (int c = 0; c < problems[i].hops; ++c)
      set.add(theory::thought_step(problems[i], c, theory::draw_label(problems[i], c, seed, i),
                                   symbols));
  const auto path = theory::flow(set, theory::Loss::coconut, theory::Coupling::scalar,
                                 theory::flow_times(decades_of_flow));
  return path.back().mu;
}

struct Predictions {
  std::vector<Prediction> uniform, flow;
};

Predictions predictions_of(const std::vector<data::Problem>& problems, double mu, int symbols) {
  Predictions all;
  for (const auto& problem : problems) {
    all.uniform.push_back(theory::prediction(problem, theory::uniform_thought(problem), symbols));
    all.flow.push_back(theory::prediction(problem, theory::flow_thought(problem, mu), symbols));
  }
  return all;
}

/// Gradient descent on the first two thirds, tried on the rest; recorded 8 times a decade of steps.
Descent descend(const std::vector<Prediction>& all, const PredictOptions& options) {
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() - all.size() / 3);
  const std::vector<Prediction> seen(all.begin(), middle), unseen(middle, all.end());
  Descent descent;
  theory::Pair mu{0, 0};
  double next = 1;
  for (int step = 1; step <= options.steps; ++step) {
    const auto pull = theory::descent(seen, mu);
    mu = {mu[0] + options.learning_rate * pull[0], mu[1] + options.learning_rate * pull[1]};
    if (step < std::lround(next) && step != options.steps) continue;
    while (std::lround(next) <= step) next *= std::pow(10.0, 0.125);
    descent.steps.push_back(step);
    descent.mu.push_back(mu);
    descent.loss.push_back(theory::loss(seen, mu));
    descent.seen.push_back(theory::accuracy(seen, mu));
    descent.unseen.push_back(theory::accuracy(unseen, mu));
  }
  return descent;
}

}  // namespace

int theory_predict_job(const TheoryArguments& arguments, const Communicator& world) {
  const Stopwatch watch;
  const auto options = config::read_predict_options(arguments.overrides);
  const auto set = problem_set(options.problems);
  validate(set.count >= 3, ExitCode::usage,
           "{} problems are too few (one in three is kept unseen); give at least 3", set.count);
  const auto metadata = theory_metadata(world, arguments, config::effective_config(options), set,
                                        options.problems.seed);
  prepare_output(arguments.output, world);
  std::vector<data::Problem> problems;
  for (std::uint64_t i = 0; i < set.count; ++i) problems.push_back(set.at(i));
  const int symbols = symbols_for(problems, options.vocabulary);
  const double mu = mu_of_flow(problems, options.problems.seed, symbols);
  log::info("superpose theory predict: {} {}, V = {}, flow's mu = {:.4f}, {} rank{}", set.count,
            set.name, symbols, mu, world.size(), world.size() == 1 ? "" : "s");
  const auto all = predictions_of(problems, mu, symbols);
  const auto s = theory::log_times(options.decades);
  const auto uniform = theory::over_ranks(
      world, set.count, [&](std::uint64_t i) { return follow({all.uniform[i]}, s); });
  const std::vector<std::vector<Prediction>> wholes{{all.uniform[0]}, all.uniform, all.flow};
  const auto sets = theory::over_ranks(world, wholes.size(),
                                       [&](std::uint64_t i) { return follow(wholes[i], s); });
  log::info("{}", text(uniform, sets));
  const std::array<Descent, 2> descents{descend(all.uniform, options), descend(all.flow, options)};
  log::info("{}", text(descents));
  const std::deque<io::Table> tables{problems_table(uniform), sets_table(sets),
                                     paths_table(s, sets), descent_table(descents)};
  write_output(arguments.output, metadata, tables, world);
  log::info("{} in {:.1f} s", arguments.output, watch.seconds());
  return 0;
}

}  // namespace superpose::jobs
