#include "sweep/status.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>

#include "core/error.hpp"
#include "core/files.hpp"
#include "core/log.hpp"
#include "io/run_lock.hpp"
#include "sweep/batch_system.hpp"

namespace superpose::sweep {
namespace {

Report read_report(const std::string& point) {
  Report report;
  if (!is_regular_file(point + "/state")) return report;
  std::ifstream(point + "/state") >> report.state >> report.job >> report.host >> report.time >>
      report.code;
  return report;
}

/// Nothing if the system does not answer and need not.
std::optional<std::set<std::string>> ask_queue(const BatchSystem& system, Queue answer) {
  auto reason = system.queue_command().front() + " is not there";
  try {
    if (const auto queued = queued_tasks(system)) return queued;
  } catch (const Error& error) {
    if (answer == Queue::must_answer) throw;
    reason = error.what();
  }
  log::warning("{}: points that {} has in hand look lost or planned", reason, system.name());
  return std::nullopt;
}

/// Adds what is live of a submission.
void add_live(QueueState& queue, const Submission& submission,
              const std::set<std::string>& live_tasks) {
  const auto& system = batch_system(submission.scheduler);
  for (std::size_t i = 0; i < submission.points.size(); ++i) {
    const auto task = system.task(submission.job, i);
    if (live_tasks.count(task) == 0) continue;
    queue.tasks[submission.points[i]] = task;
    ++queue.jobs[submission.scheduler][submission.job];
  }
}

}  // namespace

QueueState read_queue(const SweepFolder& folder, Queue answer) {
  QueueState queue;
  queue.local = io::lock_holder(folder.root()).has_value();
  std::map<Scheduler, std::optional<std::set<std::string>>> answers;  // each is asked once
  for (const auto& submission : folder.submissions()) {
    if (submission.job.empty()) continue;
    const auto scheduler = submission.scheduler;
    if (answers.count(scheduler) == 0)
      answers[scheduler] = ask_queue(batch_system(scheduler), answer);
    if (answers[scheduler]) add_live(queue, submission, *answers[scheduler]);
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
