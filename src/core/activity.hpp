#pragma once
/// What a rank is doing: errors say so, the watchdog compares the ranks by it, and tests let faults
/// happen there.

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

namespace superpose {

/// Written by the thread that computes, read by any. The phase and the count go up together on all
/// ranks that do the same work, so that the rank with the lowest count is the one behind.
class Activity {
 public:
  /// Called as a phase begins, on the thread that computes.
  using Listener = std::function<void(const char* phase, std::int64_t step)>;

  void set_listener(Listener listener) { listener_ = std::move(listener); }

  /// `phase` lives as long as the program (a literal). Returns the phase around it, for leave().
  const char* enter(const char* phase) {
    const char* around = phase_.exchange(phase);
    ++changes_;
    if (listener_) listener_(phase, step());
    return around;
  }
  void leave(const char* around) {
    phase_.store(around);
    ++changes_;
  }
  /// A sign of life within a long phase.
  void advance() { ++changes_; }
  void set_step(std::int64_t step) { step_.store(step); }

  const char* phase() const { return phase_.load(); }  ///< the innermost
  std::int64_t step() const { return step_.load(); }   ///< in progress, 1 for the first
  std::uint64_t changes() const { return changes_.load(); }

 private:
  std::atomic<const char*> phase_{"start"};
  std::atomic<std::int64_t> step_{0};
  std::atomic<std::uint64_t> changes_{0};
  Listener listener_;
};

}  // namespace superpose
