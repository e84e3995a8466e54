#include "bench/run_time.hpp"

#include <iterator>
#include <limits>
#include <map>

#include "data/curriculum.hpp"

namespace superpose::bench {
namespace {

/// Seconds of a problem by latent tokens.
using ProblemSeconds = std::map<int, double>;

double interpolate(const ProblemSeconds& measured, int n_latent) {
  const auto above = measured.lower_bound(n_latent);
  if (above == measured.end()) return measured.rbegin()->second;
  if (above == measured.begin()) return above->second;
  const auto below = std::prev(above);
  const double weight =
      static_cast<double>(n_latent - below->first) / (above->first - below->first);
  return below->second + weight * (above->second - below->second);
}

}  // namespace

RunTime run_time(const train::RunOptions& options, const data::Visits& visits,
                 const std::vector<StepTimes>& steps) {
  constexpr double never_settled = std::numeric_limits<double>::quiet_NaN();
  ProblemSeconds measured;
  for (const auto& step : steps) measured[step.n_latent] = step.epoch_seconds(1);
  const bool stages = data::has_stages(options.method.name);
  RunTime result{visits.n_problems(options.train.epochs - 1), options.train.epochs, 0};
  data::CurriculumState state;
  for (int epoch = 0; epoch < options.train.epochs; ++epoch) {
    result.seconds += static_cast<double>(visits.n_problems(epoch)) *
                      interpolate(measured, stages ? state.stage * options.method.c_thought : 0);
    if (stages) data::end_epoch(state, options.curriculum, never_settled);
  }
  return result;
}

}  // namespace superpose::bench
