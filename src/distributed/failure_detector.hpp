#pragma once
/// Which rank keeps the others waiting, as far as heartbeats tell. No messages and no clock in
/// here: seconds are those that the rank itself was awake, so that a job suspended as a whole and
/// continued has missed nothing.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "distributed/heartbeats.hpp"

namespace superpose::distributed {

class FailureDetector {
 public:
  /// hosts: of all ranks. A rank that is not heard of or does not move on for `limit` seconds is a
  /// problem. hears_others: false if there are no heartbeats, so that a rank judges itself alone.
  FailureDetector(int rank, std::vector<std::string> hosts, double limit, bool hears_others);

  /// A beat of another rank came at `now`.
  void hear(int rank, const Beat& beat, double now);

  /// "rank 1 (node7) ...", if there is one at `now`. Rank 0 judges all ranks, the others rank 0:
  /// each a while after the rank before it, so that the first that lives speaks for all.
  std::optional<std::string> problem(const Beat& mine, double now) const;

 private:
  struct Heard {
    Beat beat;
    double at = 0;
    double silence(double now) const { return beat.is_last ? 0 : now - at; }
  };

  std::string name(int rank) const;
  std::optional<std::string> silent_ranks(double now) const;
  std::optional<std::string> stuck_ranks(const Beat& mine) const;
  std::string stuck_among(const std::map<int, Beat>& all) const;

  int rank_;
  std::vector<std::string> hosts_;
  double limit_;
  std::map<int, Heard> heard_;  // by rank: those this one listens to
};

}  // namespace superpose::distributed
