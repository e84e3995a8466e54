#include "bench/run_time.hpp"

#include <iterator>
#include <limits>
#include <map>

#include "data/curriculum.hpp"

namespace superpose::bench {
namespace {

/// Seconds of an epoch by latent tokens.
using EpochSeconds = std::map<int, double>;

double interpolate(const EpochSeconds& measured, int n_latent) {
  const auto above = measured.lower_bound(n_latent);
  if (above == measured.end()) return measured.rbegin()->second;
  if (above == measured.begin()) return above->second;
  const auto below = std::prev(above);
  const double weight =
      static_cast<double>(n_latent - below->first) / (above->first - below->first);
  return below->second + weight * (above->second - below->second);
}

}  // namespace

RunTime run_time(const train::RunOptions& options, std::int64_t problems,
                 const std::vector<StepTimes>& steps) {
  constexpr double never_settled = std::numeric_limits<double>::quiet_NaN();
  EpochSeconds measured;
  for (const auto& step : steps) measured[step.n_latent] = step.epoch_seconds(problems);
  const bool stages = data::has_stages(options.method.name);
  RunTime result{problems, options.train.epochs, 0};
  data::CurriculumState state;
  for (int epoch = 0; epoch < options.train.epochs; ++epoch) {
    result.seconds += interpolate(measured, stages ? state.stage * options.method.c_thought : 0);
    if (stages) data::end_epoch(state, options.curriculum, never_settled);
  }
  return result;
}

}  // namespace superpose::bench
