#include <sys/resource.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "bench/launches.hpp"
#include "bench/measure.hpp"
#include "bench/timing.hpp"
#include "data/expand.hpp"
#include "distributed/leaf_tree.hpp"
#include "kokkos_kernels/device.hpp"
#include "model/operations.hpp"
#include "train/training_step.hpp"

namespace superpose::bench {
namespace {

using distributed::Communicator;
using Batch = std::vector<std::uint32_t>;

BatchWork work_of(const train::RunOptions& options, const std::vector<data::Problem>& problems,
                  const Batch& part, int stage) {
  const data::Vocabulary vocabulary(options.model.vocab_size);
  std::vector<Sequence> sequences;
  BatchWork work;
  for (const auto index : part) {
    sequences.push_back(data::expand(problems[index], index, stage, 0, options.method, vocabulary,
                                     options.train.seed));
    work.latents += sequences.back().n_latent;
  }
  if (part.empty()) return work;
  const auto batch = model::pack(sequences);
  work.problems = batch.n_problems;
  work.rows = batch.n_rows;
  work.outputs = batch.n_outputs;
  work.operations = model::training_operations(options.model, batch);
  return work;
}

/// Every rank counts its own leaves.
BatchWork work_of_batch(const train::RunOptions& options,
                        const std::vector<data::Problem>& problems, const Batch& batch, int stage,
                        const Communicator& communicator) {
  const int n_leaves = options.train.leaves;
  const auto mine = distributed::leaves_of_rank(n_leaves, communicator.rank(), communicator.size());
  BatchWork work, sum;
  for (int leaf = mine.begin; leaf < mine.end; ++leaf)
    work += work_of(options, problems, train::part_of(batch, leaf, n_leaves), stage);
  for (const auto& part : communicator.allgather(work)) sum += part;
  return sum;
}

std::size_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;  // Linux counts KiB
}

/// Where rank 0's own time of the steps that took `seconds` went.
void add_regions(StepTimes& result, const TimeTable& times, const std::vector<double>& seconds) {
  const auto n_steps = static_cast<double>(seconds.size());
  const double total_seconds = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  for (const auto& [region, entry] : times.entries()) {
    result.regions[region] = entry.seconds / n_steps;
    result.accounted += entry.seconds / total_seconds;
  }
}

/// Runs the step again and again, every time as a new epoch.
class StepSeries {
 public:
  StepSeries(train::TrainingStep& step, const Batch& batch, int stage, double learning_rate)
      : step_(step), batch_(batch), stage_(stage), learning_rate_(learning_rate) {}

  /// Seconds of each of n steps on this rank.
  std::vector<double> run(int n, TimeTable& times) {
    std::vector<double> seconds;
    for (int i = 0; i < n; ++i) {
      const auto epoch = epoch_++;
      step_.gradient().announce(batch_, {stage_, epoch_});
      const Stopwatch watch;
      step_.run({batch_, {stage_, epoch}}, learning_rate_, false, times);
      seconds.push_back(watch.seconds());
    }
    return seconds;
  }

  /// Communication of n steps, mean; `blocking` is left to be measured.
  Communication communication_of(int n, const std::function<void()>& run_steps) {
    const auto& reduction = step_.gradient().reduction();
    const double exposed = reduction.exposed_seconds(), overlapped = reduction.overlapped_seconds();
    run_steps();
    return {(reduction.exposed_seconds() - exposed) / n,
            (reduction.overlapped_seconds() - overlapped) / n, 0};
  }

 private:
  train::TrainingStep& step_;
  const Batch& batch_;
  int stage_;
  double learning_rate_;
  std::uint64_t epoch_ = 0;
};

/// The same steps region by region, each waited for: on a device what is launched in one is done in
/// another, and the steps that are timed as such wait for nothing.
void measure_regions(StepTimes& result, StepSeries& series, int n) {
  TimeTable times;
  times.wait_at_ends();
  const auto seconds = series.run(n, times);
  add_regions(result, times, seconds);
}

/// The same steps with the exchange after backward; of the slowest rank, as all.
double blocking_seconds(train::TrainingStep& step, StepSeries& series, int n) {
  step.gradient().set_exchange(train::Exchange::after_backward);
  TimeTable times;
  const auto spent = series.communication_of(n, [&] { series.run(n, times); });
  step.gradient().set_exchange(train::Exchange::during_backward);
  return spent.exposed;
}

}  // namespace

StepTimes measure_steps(const train::RunOptions& options,
                        const std::vector<data::Problem>& problems, int stage, StepCounts counts,
                        const Communicator& communicator) {
  Batch batch(problems.size());
  std::iota(batch.begin(), batch.end(), 0U);
  StepTimes result;
  result.work = work_of_batch(options, problems, batch, stage, communicator);
  train::TrainingStep step(options, problems, communicator);
  StepSeries series(step, batch, stage, options.optimizer.learning_rate);
  TimeTable warmup_times, times;
  if (counts.warmup > 1) series.run(counts.warmup - 1, warmup_times);
  result.launches = count_launches([&] { series.run(1, warmup_times); });
  std::vector<double> here;
  auto spent =
      series.communication_of(counts.measured, [&] { here = series.run(counts.measured, times); });
  for (const double seconds : here) result.seconds.push_back(largest(communicator, seconds));
  kernels_use_host_memory ? add_regions(result, times, here)
                          : measure_regions(result, series, counts.measured);
  if (communicator.size() > 1) spent.blocking = blocking_seconds(step, series, counts.measured);
  result.communication = {largest(communicator, spent.exposed),
                          largest(communicator, spent.overlapped),
                          largest(communicator, spent.blocking)};
  result.peak_bytes = largest(communicator, peak_resident_bytes());
  result.device_bytes = largest(communicator, kernels::device_memory_in_use());
  result.workspace_bytes = largest(communicator, step.model().workspace_bytes());
  return result;
}

}  // namespace superpose::bench
