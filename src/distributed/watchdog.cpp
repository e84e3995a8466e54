#include "distributed/watchdog.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>

#include "core/host.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"

namespace superpose::distributed {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr int exit_code = static_cast<int>(ExitCode::mpi);

bool hears_others(const Communicator& communicator) {
  if (communicator.size() == 1) return false;
  const bool hears = communicator.all_agree(threads_may_call_mpi());
  if (!hears && communicator.rank() == 0)
    log::warning(
        "the MPI library has no MPI_THREAD_MULTIPLE: each rank watches itself alone, and "
        "a rank that is stopped is not noticed");
  return hears;
}

}  // namespace

Watchdog::Watchdog(const Communicator& communicator, const Activity& activity, double limit,
                   Alarm alarm)
    : activity_(activity),
      alarm_(std::move(alarm)),
      interval_(std::clamp(limit / 8, 0.05, 5.0)),
      exceptions_at_start_(std::uncaught_exceptions()),
      heartbeats_(hears_others(communicator) ? std::make_unique<Heartbeats>(communicator)
                                             : nullptr),
      detector_(communicator.rank(), communicator.allgather(host_name()), limit,
                heartbeats_ != nullptr),
      thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  const bool fails = std::uncaught_exceptions() > exceptions_at_start_;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    mode_ = fails ? Mode::abandoned : Mode::leaving;
  }
  mode_changed_.notify_one();
  thread_.join();
  if (fails) heartbeats_.release();  // messages under way keep their memory until the job ends
}

void Watchdog::watch() {
  try {
    while (true) {
      const Mode mode = pause();
      if (mode == Mode::abandoned) return;
      tick(mode);
      if (mode == Mode::leaving && (!heartbeats_ || heartbeats_->done())) return;
    }
  } catch (const std::exception& error) {
    alarm_(fmt::format("the watchdog cannot go on: {}", error.what()));
  }
}

/// Until the next beat is due. A process that is stopped meanwhile was awake for one pause at most,
/// however late it finds out.
Watchdog::Mode Watchdog::pause() {
  std::unique_lock<std::mutex> lock(mutex_);
  const double seconds = mode_ == Mode::watching ? interval_ : 0.002;  // the end is waited for
  const Stopwatch watch;
  if (mode_ != Mode::abandoned) mode_changed_.wait_for(lock, Seconds(seconds));
  awake_ += std::min(watch.seconds(), seconds);
  return mode_;
}

void Watchdog::tick(Mode mode) {
  const Beat mine = beat(mode);
  if (heartbeats_) {
    heartbeats_->send(mine);
    heartbeats_->receive(
        [this](int rank, const Beat& other) { detector_.hear(rank, other, awake_); });
  }
  const auto problem = detector_.problem(mine, awake_);
  if (!problem || alarmed_) return;
  alarmed_ = true;
  alarm_(*problem);
}

Beat Watchdog::beat(Mode mode) {
  const auto changes = activity_.changes();
  if (changes != changes_) changed_at_ = awake_;
  changes_ = changes;
  Beat beat;
  beat.step = activity_.step();
  beat.meetings = activity_.meetings();
  beat.idle_seconds = awake_ - changed_at_;
  beat.is_last = mode == Mode::leaving;
  std::snprintf(beat.phase, sizeof beat.phase, "%s", activity_.phase());
  return beat;
}

void Watchdog::end_job(const std::string& problem) {
  fmt::print(stderr, "superpose: error: {}\n", problem);
  std::fflush(stderr);
  // MPI_Abort may itself wait for what hangs.
  std::thread([] {
    std::this_thread::sleep_for(std::chrono::seconds(10));
    _exit(exit_code);
  }).detach();
  if (threads_may_call_mpi()) MPI_Abort(MPI_COMM_WORLD, exit_code);
  _exit(exit_code);
}

}  // namespace superpose::distributed
