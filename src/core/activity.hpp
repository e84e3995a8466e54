#pragma once
/// What a rank is doing: errors say so, the watchdog compares the ranks by it, and tests let faults
/// happen there.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace superpose {

/// "backward of step 12", or the phase alone before the first step.
inline std::string place(const std::string& phase, std::int64_t step) {
  return step > 0 ? phase + " of step " + std::to_string(step) : phase;
}

/// Written by the thread that computes, read by any.
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
  /// A point that all ranks come to equally often, so that the rank with the fewest of them is the
  /// one behind. Changes do not tell: a rank with more leaves than another makes more of them.
  void meet() {
    ++meetings_;
    ++changes_;
  }
  void set_step(std::int64_t step) { step_.store(step); }

  const char* phase() const { return phase_.load(); }  ///< the innermost
  std::int64_t step() const { return step_.load(); }   ///< in progress, 1 for the first
  std::uint64_t changes() const { return changes_.load(); }
  std::uint64_t meetings() const { return meetings_.load(); }

 private:
  std::atomic<const char*> phase_{"start"};
  std::atomic<std::int64_t> step_{0};
  std::atomic<std::uint64_t> changes_{0};
  std::atomic<std::uint64_t> meetings_{0};
  Listener listener_;
};

}  // namespace superpose
