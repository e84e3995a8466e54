#include <sys/resource.h>

#include <algorithm>
#include <numeric>

#include "data/expand.hpp"
#include "distributed/leaf_tree.hpp"
#include "jobs/bench/measure.hpp"
#include "jobs/bench/timing.hpp"
#include "model/operations.hpp"
#include "optim/optimizer.hpp"
#include "train/batch_gradient.hpp"

namespace superpose::jobs::bench {
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

/// The step of train::Trainer without its records.
class TrainingStep {
 public:
  TrainingStep(const train::RunOptions& options, const std::vector<data::Problem>& problems,
               const Communicator& communicator)
      : options_(options),
        model_(model::make_network(options.model)),
        optimizer_(options.optimizer, model_->parameters().flat.extent(0)),
        gradient_(options, problems, communicator, *model_) {
    model::initialise(model_->parameters(), options.train.seed);
  }

  /// Seconds of the step on this rank.
  double run(const Batch& batch, train::BatchKey key, TimeTable& times) {
    const Stopwatch watch;
    const auto gradient = gradient_.compute(batch, key, false, times);
    const double scale = 1.0 / static_cast<double>(gradient_.sums().labels);
    const ScopedTimer timer(times, "optimizer");
    const double norm = scale * optim::norm<float>(gradient);
    optimizer_.step(gradient, scale * optim::clip_factor(norm, options_.optimizer.clip_norm),
                    options_.optimizer.learning_rate, model_->parameters().flat);
    Kokkos::fence();
    return watch.seconds();
  }

  double exposed_seconds() const { return gradient_.exposed_seconds(); }
  std::size_t workspace_bytes() const { return model_->workspace_bytes(); }

 private:
  train::RunOptions options_;
  std::unique_ptr<model::Network<float>> model_;
  optim::AdamW<float> optimizer_;
  train::BatchGradient gradient_;
};

std::size_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;  // Linux counts KiB
}

/// Where rank 0's own time of the measured steps went.
void add_regions(StepTimes& result, const TimeTable& times, double total_seconds, int n_steps) {
  for (const auto& [region, entry] : times.entries()) {
    result.regions[region] = entry.seconds / n_steps;
    result.accounted += entry.seconds / total_seconds;
  }
}

}  // namespace

StepTimes measure_steps(const train::RunOptions& options,
                        const std::vector<data::Problem>& problems, int stage, StepCounts counts,
                        const Communicator& communicator) {
  Batch batch(problems.size());
  std::iota(batch.begin(), batch.end(), 0U);
  StepTimes result;
  result.work = work_of_batch(options, problems, batch, stage, communicator);
  TrainingStep step(options, problems, communicator);
  TimeTable warmup_times, times;
  std::uint64_t epoch = 0;
  for (int i = 0; i < counts.warmup; ++i) step.run(batch, {stage, epoch++}, warmup_times);
  const double exposed_before = step.exposed_seconds();
  std::vector<double> here;
  for (int i = 0; i < counts.measured; ++i)
    here.push_back(step.run(batch, {stage, epoch++}, times));
  const double exposed = step.exposed_seconds() - exposed_before;
  for (const double seconds : here) result.seconds.push_back(largest(communicator, seconds));
  add_regions(result, times, std::accumulate(here.begin(), here.end(), 0.0), counts.measured);
  result.exposed_seconds = largest(communicator, exposed / counts.measured);
  result.peak_bytes = largest(communicator, peak_resident_bytes());
  result.workspace_bytes = largest(communicator, step.workspace_bytes());
  return result;
}

}  // namespace superpose::jobs::bench
