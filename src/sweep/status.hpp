#pragma once
/// What became of the points of a sweep: from the file `state` that slurm/point.sh leaves in each,
/// and from what a batch system or a local runner still has in hand.

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/enum_names.hpp"
#include "sweep/folder.hpp"
#include "sweep/sweep_points.hpp"

namespace superpose::sweep {

enum class State {
  planned,  ///< never started
  queued,   ///< waits in a batch system, to start or to go on
  running,
  interrupted,  ///< stopped with a checkpoint (code 75), and nobody has it in hand
  failed,       ///< ended with another code
  lost,         ///< ran, and its job is gone without a word: killed, or its node was
  done
};

constexpr std::array<const char*, 7> names_of(State) {
  return {"planned", "queued", "running", "interrupted", "failed", "lost", "done"};
}

/// The line that slurm/point.sh writes.
struct Report {
  std::string state, job, host, time;
  int code = 0;
};

struct PointStatus {
  State state = State::planned;
  Report report;  ///< empty if there is none
};

/// What waits or runs of a sweep.
struct QueueState {
  std::map<std::string, std::string> tasks;  ///< live task ("17_3") by identity of its point
  /// Jobs that have live tasks, with their number of those, by batch system.
  std::map<Scheduler, std::map<std::string, int>> jobs;
  bool local = false;  ///< a local runner lives
};

/// Before points are started it must be known what batch systems have; what is looked at weeks
/// later, perhaps elsewhere, need not wait for an answer.
enum class Queue { must_answer, may_be_silent };

/// Error (failure) if a system fails to answer and must. Where it is not there at all, a warning.
QueueState read_queue(const SweepFolder& folder, Queue answer);

/// What became of a point, by what it left and what the queue has.
State judge(const Report& report, const QueueState& queue, const std::string& identity);

/// In the order of `points`.
std::vector<PointStatus> status_of(const SweepFolder& folder, const std::vector<Point>& points,
                                   const QueueState& queue);

}  // namespace superpose::sweep
