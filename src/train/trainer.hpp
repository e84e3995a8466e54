#pragma once
/// The training loop: epochs of the curriculum, steps of an epoch, evaluation, records,
/// checkpoints.

#include <optional>
#include <string>

#include "core/timer.hpp"
#include "data/curriculum.hpp"
#include "data/problem_file.hpp"
#include "data/visits.hpp"
#include "distributed/communicator.hpp"
#include "distributed/watchdog.hpp"
#include "io/run_lock.hpp"
#include "io/run_metadata.hpp"
#include "train/evaluation_summary.hpp"
#include "train/fault_injection.hpp"
#include "train/options.hpp"
#include "train/recorder.hpp"
#include "train/stop_conditions.hpp"
#include "train/training_state.hpp"
#include "train/training_step.hpp"

namespace superpose::train {

struct TrainingData {
  data::ProblemFile train;
  data::ProblemFile valid;  ///< may have no problems: then nothing is evaluated
};

/// How a run begins: `newest` continues the run in the directory or starts one, `scratch` starts
/// one, `checkpoint` branches off another run's checkpoint - or continues the branch, so that a job
/// that was stopped can be submitted again as it is.
struct Start {
  enum class Source { newest, scratch, checkpoint } source = Source::newest;
  std::string checkpoint;  ///< Source::checkpoint: the file, or a run directory for its newest
};

class Trainer {
 public:
  /// Loads the checkpoint that `start` asks for. Collective, as is run(). Error (usage) if
  /// the directory holds another run, or any run for Source::scratch, or is in use by another job.
  Trainer(const RunOptions& options, const TrainingData& data,
          const distributed::Communicator& communicator, const io::RunMetadata& metadata,
          const Start& start, const JobLimits& limits);

  /// Trains to the last epoch: ExitCode::done, also if that was reached before; or
  /// ExitCode::interrupted after a checkpoint if it was asked to stop (StopConditions).
  /// Error (divergence) at the first step whose loss, gradient or new weights are not finite:
  /// nothing of that step is on the disk but its batch, a problem file beside the checkpoints.
  /// Errors say in which phase of which step they came up.
  ExitCode run();

 private:
  enum class Flow { go_on, stop };

  std::optional<TrainingState::Restored> restore(const Start& from, bool has_run);
  void take_lock();
  void start(const Start& from);
  void listen_for_faults();
  Recorder::Plan recorder_plan() const;
  Flow run_epochs();
  Flow run_epoch();
  BatchKey batch_key() const;
  Flow step(const std::vector<std::uint32_t>& batch);
  void finish_epoch(double seconds);
  std::optional<Outcomes> evaluate_held_out();
  void record_attention(const EpochRecord& epoch);
  bool is_best() const;
  void save();
  std::int64_t n_steps(std::int64_t first_epoch, std::int64_t last_epoch) const;
  double learning_rate() const;
  void require_finite(const StepOutcome& outcome, const std::vector<std::uint32_t>& batch);
  std::string keep_diverged_batch(const std::vector<std::uint32_t>& batch);

  RunOptions options_;
  const TrainingData& data_;
  data::Visits visits_;                     ///< to data_.train
  std::int64_t total_steps_, decay_steps_;  ///< of the run; of its last decay_epochs
  distributed::Communicator communicator_;
  io::RunMetadata metadata_;
  std::vector<data::Problem> recorded_;  ///< held-out problems that record_attention measures
  std::optional<io::RunLock> lock_;      ///< of rank 0
  std::string why_unlocked_;             ///< of rank 0: what kept it from taking the lock
  FaultInjection faults_;
  TrainingStep training_step_;
  TrainingState state_;
  JobLimits limits_;
  std::optional<StopConditions> stop_;  ///< of run(): a stop signal before it ends the process
  Progress progress_;
  std::optional<double> best_accuracy_;  ///< of the checkpoints of this run
  std::optional<Recorder> recorder_;
  TimeTable times_;
  std::optional<distributed::Watchdog> watchdog_;  // last: its thread reads times_
};

}  // namespace superpose::train
