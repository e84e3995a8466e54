#pragma once
/// Ends a job that waits for a rank without end: one that was stopped, swapped out or lost with its
/// node, or that hangs in a computation or a file system. MPI itself waits for ever.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/activity.hpp"
#include "distributed/communicator.hpp"
#include "distributed/failure_detector.hpp"
#include "distributed/heartbeats.hpp"

namespace superpose::distributed {

/// A thread on every rank that exchanges heartbeats eight times a limit. Where no thread beside the
/// main one may call MPI, each rank watches itself alone.
class Watchdog {
 public:
  /// What to do about a problem: by default, print it and end all ranks with ExitCode::mpi.
  using Alarm = std::function<void(const std::string& problem)>;

  /// limit: seconds that a rank may be silent, or all may stand still; longer than the longest
  /// phase of any rank. `activity` of this rank outlives the watchdog. Collective.
  Watchdog(const Communicator& communicator, const Activity& activity, double limit,
           Alarm alarm = end_job);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  /// Collective, unless an exception passes: then the job is about to be aborted, and other ranks
  /// would be waited for in vain.
  ~Watchdog();

  [[noreturn]] static void end_job(const std::string& problem);

 private:
  enum class Mode { watching, leaving, abandoned };

  void watch();
  Mode pause();
  void tick(Mode mode);
  Beat beat(Mode mode);

  const Activity& activity_;
  Alarm alarm_;
  double interval_;  // seconds between two beats
  int exceptions_at_start_;
  std::unique_ptr<Heartbeats> heartbeats_;  // none if the rank watches itself alone
  FailureDetector detector_;

  // Of the thread. Seconds count while the process is awake.
  double awake_ = 0;
  double changed_at_ = 0;
  std::uint64_t changes_ = 0;
  bool alarmed_ = false;

  std::mutex mutex_;  // guards mode_
  std::condition_variable mode_changed_;
  Mode mode_ = Mode::watching;
  std::thread thread_;
};

}  // namespace superpose::distributed
