#pragma once
/// Where the time went: named regions, side by side, summed over the run.

#include <chrono>
#include <map>
#include <string>

#include "core/activity.hpp"

namespace superpose {

/// Seconds since construction.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

/// Seconds and calls by region name. One table per run, passed to whoever measures.
class TimeTable {
 public:
  struct Entry {
    double seconds = 0;
    long calls = 0;
  };
  void add(const std::string& region, double seconds) {
    auto& entry = entries_[region];
    entry.seconds += seconds;
    ++entry.calls;
  }
  const std::map<std::string, Entry>& entries() const { return entries_; }
  /// From now on regions last until their kernels are done, not launched. On a device the next
  /// region's are launched no sooner, which costs time: for measurements of regions only.
  void wait_at_ends() { waits_at_ends_ = true; }
  bool waits_at_ends() const { return waits_at_ends_; }
  /// The region being measured now.
  Activity& activity() { return activity_; }
  const Activity& activity() const { return activity_; }
  /// Lines "region  seconds  share  calls", longest first, with the rest of `total` last.
  std::string table(double total_seconds) const;

 private:
  std::map<std::string, Entry> entries_;
  bool waits_at_ends_ = false;
  Activity activity_;
};

/// Adds the time of its scope to a region, which Kokkos' tools see under the same name. The region
/// is the table's activity until the scope ends, and stays it if an error ends the scope.
class ScopedTimer {
 public:
  ScopedTimer(TimeTable& table, const char* region);
  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;
  ~ScopedTimer();

 private:
  TimeTable& table_;
  const char* region_;
  const char* around_;
  int exceptions_at_start_;
  Stopwatch watch_;
};

}  // namespace superpose
