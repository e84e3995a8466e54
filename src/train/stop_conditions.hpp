#pragma once
/// When a run is to stop with a checkpoint: at a signal, before its time is up, when a file asks
/// for it, or when nobody reads its output any more. Any rank may know first; the trainer agrees on
/// it with the sums of the batch.

#include <optional>
#include <string>

#include "core/timer.hpp"
#include "distributed/stop_request.hpp"

namespace superpose::train {

/// What a submission, not the run, lays down.
struct JobLimits {
  std::optional<double> max_seconds;  ///< wall time of the job; none: no limit
  Stopwatch since_start;              ///< of the job
  int watchdog_seconds = 1800;        ///< how long a rank may keep the others waiting; 0: for ever
};

class StopConditions {
 public:
  /// `watches`: this rank, one of all, watches the clock and the file `<directory>/stop`.
  /// `save_seconds`: an estimate until saving has been measured.
  StopConditions(const std::string& directory, bool watches, const JobLimits& limits,
                 double save_seconds);

  /// Whether to stop after the step that begins now. Called before every step: the time the run
  /// needs to end is the longest there was between two calls, and that of saving.
  bool due();
  /// A checkpoint has taken so long.
  void saved(double seconds);
  /// The last checkpoint is there: the file that asked for it goes, and signals no longer matter.
  void done() const;

  /// "SIGUSR1", "--max-time", "the file run/stop", "a closed output pipe"; "another rank" if this
  /// rank knows of nothing.
  std::string reason() const;

 private:
  bool time_is_up();
  bool file_asks();

  distributed::StopRequest signals_;
  std::string file_;  ///< empty: another rank watches
  JobLimits limits_;
  double save_seconds_;
  bool save_measured_ = false;
  double longest_interval_ = 0;
  std::optional<Stopwatch> since_call_;
  std::optional<Stopwatch> since_look_;
  bool time_is_up_ = false, file_asks_ = false;
};

}  // namespace superpose::train
