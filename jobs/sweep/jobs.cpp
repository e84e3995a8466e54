/// `superpose sweep plan|submit|resubmit|status|cancel`.

#include "jobs/jobs.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "core/error.hpp"
#include "core/host.hpp"
#include "core/log.hpp"
#include "io/json_file.hpp"
#include "io/run_lock.hpp"
#include "sweep/local_runner.hpp"
#include "sweep/planned.hpp"
#include "sweep/slurm.hpp"

namespace superpose::jobs {
namespace {

using namespace sweep;

using Chosen = std::vector<const Point*>;

Chosen in_states(const Planned& planned, const std::vector<State>& states) {
  Chosen chosen;
  for (std::size_t i = 0; i < planned.points.size(); ++i)
    for (const auto state : states)
      if (planned.status[i].state == state) chosen.push_back(&planned.points[i]);
  return chosen;
}

/// The file of this name in --scripts.
std::string script(const SweepArguments& arguments, const char* name) {
  const auto path = (std::filesystem::absolute(arguments.scripts) / name).string();
  validate(std::filesystem::exists(path), ExitCode::usage,
           "there is no {} (points are run by it); name the folder of the scripts by --scripts",
           path);
  return path;
}

/// Points that ask for the same of SLURM go into one array, if it may be that long.
std::vector<Chosen> arrays(const Chosen& points, std::size_t most) {
  std::map<std::tuple<int, int, std::string, std::string>, Chosen> by_resources;
  for (const auto* point : points) {
    const auto& r = point->options.resources;
    by_resources[{r.nodes, r.ranks_per_node, r.time, r.sbatch}].push_back(point);
  }
  std::vector<Chosen> arrays;
  for (const auto& [resources, group] : by_resources)
    for (std::size_t begin = 0; begin < group.size(); begin += most)
      arrays.emplace_back(group.begin() + begin,
                          group.begin() + std::min(begin + most, group.size()));
  return arrays;
}

int submit_to_slurm(const Planned& planned, const Chosen& points, const SweepArguments& arguments) {
  std::optional<io::RunLock> lock;  // against a second submission, and a local runner
  if (!arguments.dry_run) lock.emplace(planned.folder.root());
  for (const auto& array : arrays(points, max_array_size())) {
    ArrayJob job{planned.sweep.name,
                 "LIST",
                 array.size(),
                 arguments.throttle,
                 array.front()->options.resources,
                 planned.folder.root() + "/logs",
                 script(arguments, "sweep.sbatch")};
    if (arguments.dry_run) {
      log::info("{}", shown(sbatch_command(job)));
      continue;
    }
    std::vector<std::string> identities;
    for (const auto* point : array) identities.push_back(point->identity);
    job.list = planned.folder.new_submission(identities);
    const auto id = submit(job);
    SweepFolder::record_job(job.list, id);
    log::info("submitted {} points as SLURM job {}", array.size(), id);
  }
  return 0;
}

int run_here(const Planned& planned, const Chosen& points, const SweepArguments& arguments) {
  const LocalOptions options{arguments.local, arguments.launcher, script(arguments, "point.sh")};
  if (!arguments.dry_run) return run_locally(planned.folder, planned.sweep, points, options);
  for (const auto* point : points)
    log::info("{}{}", job_script(planned.folder, planned.sweep, *point),
              point == points.back() ? "" : "\n");
  return 0;
}

int start_points(const SweepArguments& arguments, const std::vector<State>& states) {
  const Planned planned(arguments.file, Queue::must_answer);
  print_axes(planned);
  const auto chosen = in_states(planned, states);
  const bool dry = arguments.dry_run;
  if (!dry) planned.folder.prepare(planned.sweep, planned.points);
  print_estimate(planned, arguments.epoch_seconds);
  log::info("  {}; {} {} now", counts(planned), chosen.size(), dry ? "would start" : "to start");
  if (chosen.empty()) return 0;
  return arguments.local > 0 ? run_here(planned, chosen, arguments)
                             : submit_to_slurm(planned, chosen, arguments);
}

io::Json json_of(const Planned& planned) {
  io::Json json{{"sweep", planned.sweep.name}, {"directory", planned.folder.root()}};
  for (std::size_t i = 0; i < state_names.size(); ++i)
    json["counts"][state_names[i]] = planned.count(static_cast<State>(i));
  for (std::size_t i = 0; i < planned.points.size(); ++i) {
    const auto& [state, report] = planned.status[i];
    io::Json point{{"point", describe(planned.sweep, planned.points[i])},
                   {"identity", planned.points[i].identity},
                   {"state", name(state)}};
    if (!report.state.empty())
      point.update({{"job", report.job},
                    {"host", report.host},
                    {"since", report.time},
                    {"code", report.code}});
    json["points"].push_back(std::move(point));
  }
  return json;
}

void print_point(const Planned& planned, std::size_t i) {
  const auto& [state, report] = planned.status[i];
  const auto code = state == State::failed ? fmt::format(" with code {}", report.code) : "";
  const auto where = report.state.empty() ? ""
                                          : fmt::format(", job {} on {} at {}", report.job,
                                                        report.host, report.time);
  log::info("  {}{}: {}{}; {}", name(state), code, describe(planned.sweep, planned.points[i]),
            where, planned.folder.point(planned.points[i].identity));
}

/// A line for each that needs someone to look at it, or for all.
void print_points(const Planned& planned, bool all) {
  constexpr std::size_t most = 20;
  std::size_t n = 0;
  for (std::size_t i = 0; i < planned.points.size(); ++i) {
    const auto state = planned.status[i].state;
    const bool bad = state == State::failed || state == State::lost;
    if (all || (bad && ++n <= most)) print_point(planned, i);
  }
  if (!all && n > most) log::info("  and {} more; --points lists all", n - most);
  if (n > 0)
    log::info(
        "the reason is at the end of the file log in each; superpose sweep resubmit starts "
        "them again");
}

/// Asks the local runner of the sweep, if there is one, to stop.
bool stop_local_runner(const SweepFolder& folder) {
  const auto holder = io::lock_holder(folder.root());
  if (!holder) return false;
  validate(holder->host == host_name(), ExitCode::usage,
           "the local runner of this sweep is process {} on {} (not this machine); cancel it there",
           holder->pid, holder->host);
  ::kill(std::atoi(holder->pid.c_str()), SIGTERM);
  log::info("asked the local runner (process {}) to stop", holder->pid);
  return true;
}

/// Jobs of the sweep with a task in the queue: fewer words than the tasks.
std::vector<std::string> live_jobs(const InHand& hands) {
  std::set<std::string> jobs;
  for (const auto& [identity, task] : hands.tasks) jobs.insert(task.substr(0, task.find('_')));
  return {jobs.begin(), jobs.end()};
}

}  // namespace

int sweep_plan_job(const SweepArguments& arguments) {
  const Planned planned(arguments.file, Queue::may_be_silent);
  print_axes(planned);
  print_estimate(planned, arguments.epoch_seconds);
  if (arguments.points) print_points(planned, true);
  if (arguments.dry_run) return 0;
  const auto n_new = planned.folder.prepare(planned.sweep, planned.points);
  log::info("  {} new points, {} were there; start them by superpose sweep submit {}", n_new,
            planned.points.size() - n_new, arguments.file);
  return 0;
}

int sweep_submit_job(const SweepArguments& arguments) {
  return start_points(arguments, {State::planned, State::interrupted});
}

int sweep_resubmit_job(const SweepArguments& arguments) {
  return start_points(arguments, {State::planned, State::interrupted, State::failed, State::lost});
}

int sweep_status_job(const SweepArguments& arguments) {
  const Planned planned(arguments.file, Queue::may_be_silent);
  if (arguments.json) {
    fmt::print("{}\n", json_of(planned).dump(2));
    return 0;
  }
  log::info("sweep {}: {} points: {}", planned.sweep.name, planned.points.size(), counts(planned));
  print_points(planned, arguments.points);
  return 0;
}

int sweep_cancel_job(const SweepArguments& arguments) {
  const Planned planned(arguments.file, Queue::must_answer);
  const bool local = stop_local_runner(planned.folder);
  const auto jobs = live_jobs(planned.hands);
  if (!jobs.empty()) {
    sweep::cancel(jobs);
    log::info("cancelled {} points in SLURM's queue (job {})", planned.hands.tasks.size(),
              fmt::join(jobs, ", "));
  }
  if (!local && jobs.empty()) log::info("nothing of this sweep waits or runs");
  return 0;
}

}  // namespace superpose::jobs
