#include "distributed/failure_detector.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "core/activity.hpp"

namespace superpose::distributed {
namespace {

constexpr const char* what_to_do =
    "see whether its node or file system hangs, then submit the same command again: it goes on "
    "from the last checkpoint";

/// The first items, and how many more there are: a node that is gone takes all its ranks along.
std::string join(const std::vector<std::string>& items, const char* separator) {
  constexpr std::size_t most = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, items.size()); ++i)
    text += (i == 0 ? "" : separator) + items[i];
  if (items.size() > most) text += fmt::format("{}{} more", separator, items.size() - most);
  return text;
}

}  // namespace

FailureDetector::FailureDetector(int rank, std::vector<std::string> hosts, double limit,
                                 bool hears_others)
    : rank_(rank), hosts_(std::move(hosts)), limit_(limit) {
  const int end = rank_ == 0 ? static_cast<int>(hosts_.size()) : 1;
  for (int other = rank_ == 0 ? 1 : 0; hears_others && other < end; ++other)
    heard_.emplace(other, Heard{});
}

void FailureDetector::hear(int rank, const Beat& beat, double now) {
  heard_.at(rank) = {beat, now};
}

std::string FailureDetector::name(int rank) const {
  return fmt::format("rank {} ({})", rank, hosts_[rank]);
}

std::optional<std::string> FailureDetector::problem(const Beat& mine, double now) const {
  const bool judges_all = rank_ == 0 || heard_.empty();
  auto silent = silent_ranks(now);
  return silent || !judges_all ? silent : stuck_ranks(mine);
}

std::optional<std::string> FailureDetector::silent_ranks(double now) const {
  // The time a job takes to end once a lower rank has spoken: more than the seconds of small
  // limits. Rank 0, if it lives, knows best: a rank stuck inside MPI may hear of nobody.
  const double turn = std::max(2.0, limit_ / 100) * rank_;
  double longest = 0;
  std::vector<std::string> names;
  for (const auto& [rank, heard] : heard_) {
    longest = std::max(longest, heard.silence(now));
    // Ranks of one node fall silent together, but not at the same beat.
    if (heard.silence(now) >= limit_ / 2) names.push_back(name(rank));
  }
  if (longest < limit_ + turn) return std::nullopt;
  return fmt::format(
      "{} {} not been heard of for {:.0f} s (stopped, swapped out, or the node is gone); {}",
      join(names, ", "), names.size() == 1 ? "has" : "have", longest, what_to_do);
}

std::optional<std::string> FailureDetector::stuck_ranks(const Beat& mine) const {
  std::map<int, Beat> all{{rank_, mine}};
  for (const auto& [rank, heard] : heard_) all.emplace(rank, heard.beat);
  // While one rank moves on, the others may have reason to wait for it. Those that leave wait.
  double least_idle = std::numeric_limits<double>::infinity();
  for (const auto& [rank, beat] : all)
    if (!beat.is_last) least_idle = std::min(least_idle, beat.idle_seconds);
  if (least_idle < limit_ || std::isinf(least_idle)) return std::nullopt;
  return stuck_among(all);
}

std::string FailureDetector::stuck_among(const std::map<int, Beat>& all) const {
  auto fewest = std::numeric_limits<std::uint64_t>::max();
  for (const auto& [rank, beat] : all) fewest = std::min(fewest, beat.meetings);
  std::vector<std::string> behind;
  std::set<std::string> places;
  for (const auto& [rank, beat] : all) {
    if (beat.meetings != fewest) continue;
    const auto at = place(beat.phase, beat.step);
    places.insert(at);
    behind.push_back(
        fmt::format("{} is stuck in {} for {:.0f} s", name(rank), at, beat.idle_seconds));
  }
  if (all.size() == 1) return fmt::format("{}; {}", behind.front(), what_to_do);
  if (behind.size() < all.size())
    return fmt::format("{} (the other ranks wait); {}", join(behind, ", "), what_to_do);
  return fmt::format(
      "no rank has moved on for {:.0f} s (all are in {}); see whether the network or the file "
      "system hangs, then submit the same command again: it goes on from the last checkpoint",
      limit_, join({places.begin(), places.end()}, ", "));
}

}  // namespace superpose::distributed
