#pragma once
/// What a training run leaves behind while it goes: histories in run.h5 and lines of progress.

#include <cstdint>
#include <optional>
#include <string>

#include "analysis/grouped_statistics.hpp"
#include "core/timer.hpp"
#include "data/curriculum.hpp"
#include "io/history.hpp"
#include "train/evaluation_summary.hpp"
#include "train/live_log.hpp"

namespace superpose::train {

/// One optimiser step, after the update.
struct StepRecord {
  std::int64_t step = 0;  ///< 1 for the first
  std::int64_t epoch = 0;
  int stage = 0;
  double loss = 0;           ///< [nats] mean over the batch's labels
  double gradient_norm = 0;  ///< before clipping
  double learning_rate = 0;
  double seconds = 0;
  std::int64_t tokens = 0;  ///< rows computed
  double operations = 0;    ///< model::training_operations
};

/// One epoch, after its evaluation.
struct EpochRecord {
  std::int64_t epoch = 0;
  int stage = 0;
  double loss = 0;     ///< [nats] mean over the epoch's labels
  double seconds = 0;  ///< training and evaluation, since the epoch began or was resumed
};

/// Path of the histories of a run directory.
std::string run_file(const std::string& directory);

/// Rank 0 records; on other ranks nothing happens. Tables of run.h5: "steps", "epochs",
/// "evaluation", and "attention" if it is recorded (io/FORMAT.md).
class Recorder {
 public:
  struct Plan {
    std::string directory;
    bool is_writer = false;  ///< rank 0
    int log_every = 10;      ///< steps between lines
    bool jsonl = false;      ///< run.jsonl, too
    std::int64_t total_steps = 0;
    std::int64_t total_epochs = 0;
    int max_hops = 0;                               ///< of the held-out problems
    std::optional<analysis::ProbeShape> attention;  ///< of the recorded statistics, if any are
  };

  /// Starts new histories, or goes on in those of the directory after `step` and `epoch`.
  Recorder(const Plan& plan, const io::RunMetadata& metadata, bool continued, std::int64_t step,
           std::int64_t epoch);

  /// Makes the files, before the first step: a directory that cannot be written to is found then.
  void begin();

  void record(const StepRecord& record);
  void record(const EpochRecord& record);
  void record(const EpochRecord& epoch, const EvaluationSummary& summary);
  /// What was measured inside the model after the epoch; once an epoch at most.
  void record(const EpochRecord& epoch, const analysis::GroupedStatistics& statistics);
  void flush();  ///< run.h5 and run.jsonl are on the disk afterwards

 private:
  void make_tables();
  bool is_logged(std::int64_t step) const;
  void append(io::Table& table, std::int64_t index, const io::Row& row, bool logged = true);

  Plan plan_;
  io::RunMetadata metadata_;
  std::optional<LiveLog::Done> continued_;  ///< what the run had done, if it goes on
  io::History history_;
  std::optional<LiveLog> live_;
  io::Table* steps_ = nullptr;
  io::Table* epochs_ = nullptr;
  io::Table* evaluation_ = nullptr;
  io::Table* attention_ = nullptr;  ///< null: not recorded
  Stopwatch since_start_;
  std::int64_t first_step_;
};

}  // namespace superpose::train
