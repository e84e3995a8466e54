#pragma once
/// Where the time went: named regions, side by side, summed over the run.

#include <chrono>
#include <map>
#include <string>

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
  /// Lines "region  seconds  share  calls", longest first, with the rest of `total` last.
  std::string table(double total_seconds) const;

 private:
  std::map<std::string, Entry> entries_;
};

/// Adds the time of its scope to a region, which Kokkos' tools see under the same name.
class ScopedTimer {
 public:
  ScopedTimer(TimeTable& table, std::string region);
  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;
  ~ScopedTimer();

 private:
  TimeTable& table_;
  std::string region_;
  Stopwatch watch_;
};

}  // namespace superpose
