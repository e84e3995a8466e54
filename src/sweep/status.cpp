#include "sweep/status.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>

#include "core/error.hpp"
#include "core/files.hpp"
#include "core/log.hpp"
#include "io/run_lock.hpp"
#include "sweep/slurm.hpp"

namespace superpose::sweep {
namespace {

Report read_report(const std::string& point) {
  Report report;
  if (!is_regular_file(point + "/state")) return report;
  std::ifstream(point + "/state") >> report.state >> report.job >> report.host >> report.time >>
      report.code;
  return report;
}

bool any_job(const std::vector<Submission>& submissions) {
  return std::any_of(submissions.begin(), submissions.end(),
                     [](const Submission& submission) { return !submission.job.empty(); });
}

/// Nothing if SLURM does not answer and need not.
std::optional<std::set<std::string>> ask_queue(Queue answer) {
  std::string reason = "squeue is not there";
  try {
    if (const auto queued = queued_tasks()) return queued;
  } catch (const Error& error) {
    if (answer == Queue::must_answer) throw;
    reason = error.what();
  }
  log::warning("{}: points that SLURM has in hand look lost or planned", reason);
  return std::nullopt;
}

}  // namespace

QueueState read_queue(const SweepFolder& folder, Queue answer) {
  QueueState queue;
  queue.local = io::lock_holder(folder.root()).has_value();
  const auto submissions = folder.submissions();
  if (!any_job(submissions)) return queue;
  const auto queued = ask_queue(answer);
  for (const auto& submission : submissions)
    for (std::size_t task = 0; queued && task < submission.points.size(); ++task) {
      const auto id = fmt::format("{}_{}", submission.job, task);
      if (queued->count(id) > 0) queue.tasks[submission.points[task]] = id;
    }
  return queue;
}

State judge(const Report& report, const QueueState& queue, const std::string& identity) {
  const auto task = queue.tasks.find(identity);
  const bool running = report.state == to_string(State::running);
  if (report.state == to_string(State::done)) return State::done;
  if (task != queue.tasks.end())
    return running && report.job == task->second ? State::running : State::queued;
  if (running) return report.job == "local" && queue.local ? State::running : State::lost;
  if (report.state == to_string(State::interrupted)) return State::interrupted;
  return report.state.empty() ? State::planned : State::failed;
}

std::vector<PointStatus> status_of(const SweepFolder& folder, const std::vector<Point>& points,
                                   const QueueState& queue) {
  std::vector<PointStatus> all;
  all.reserve(points.size());
  for (const auto& point : points) {
    auto report = read_report(folder.point(point.identity));
    const auto state = judge(report, queue, point.identity);
    all.push_back({state, std::move(report)});
  }
  return all;
}

}  // namespace superpose::sweep
