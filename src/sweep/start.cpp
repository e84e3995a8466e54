#include "sweep/start.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include "core/error.hpp"
#include "core/host.hpp"
#include "core/log.hpp"
#include "sweep/batch_system.hpp"
#include "sweep/local_runner.hpp"

namespace superpose::sweep {
namespace {

/// The file of this name in --scripts.
std::string script(const StartOptions& options, const char* name) {
  const auto path = (std::filesystem::absolute(options.scripts) / name).string();
  validate(std::filesystem::exists(path), ExitCode::usage,
           "there is no {} (points are run by it); name the folder of the scripts by --scripts",
           path);
  return path;
}

/// Templates read what they share from the folder they are submitted from; where it is not, as with
/// an installed program, from the folder of the scripts.
void name_root(const StartOptions& options) {
  const auto scripts = std::filesystem::absolute(options.scripts).lexically_normal();
  const bool found =
      scripts.filename() == "slurm" && std::filesystem::exists(scripts / "common.sh");
  if (found && !std::filesystem::exists("slurm/common.sh"))
    ::setenv("SUPERPOSE_ROOT", scripts.parent_path().c_str(), 0);
}

/// Points that ask for the same go into one array, if it may be that long.
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

/// Submits a job of these points, or says how.
void submit_array(const Planned& planned, const Chosen& array, const StartOptions& options) {
  const auto& system = batch_system(options.scheduler);
  ArrayJob job{planned.sweep.name,
               "LIST",
               array.size(),
               options.throttle,
               array.front()->options.resources,
               planned.folder.root() + "/logs",
               script(options, system.template_file())};
  if (options.dry_run) {
    log::info("{}", command_line(system.submit_command(job)));
    return;
  }
  std::vector<std::string> identities;
  for (const auto* point : array) identities.push_back(point->identity);
  job.list = planned.folder.new_submission(identities);
  const auto id = submit(system, job);
  SweepFolder::record_job(job.list, id, options.scheduler);
  log::info("submitted {} point{} as {} job {}", array.size(), array.size() == 1 ? "" : "s",
            system.name(), id);
}

int submit_points(const Planned& planned, const Chosen& points, const StartOptions& options) {
  name_root(options);
  for (const auto& array : arrays(points, batch_system(options.scheduler).most_tasks()))
    submit_array(planned, array, options);
  return 0;
}

void say_what_would_run(const Planned& planned, const Chosen& points) {
  for (const auto* point : points)
    log::info("{}{}", job_script(planned.folder, planned.sweep, *point),
              point == points.back() ? "" : "\n");
}

int run_here(const Planned& planned, const Chosen& points, const StartOptions& options,
             io::RunLock* lock) {
  const LocalOptions local{options.local, options.launcher, script(options, "point.sh")};
  if (lock != nullptr) return run_locally(planned.folder, planned.sweep, points, local, *lock);
  say_what_would_run(planned, points);
  return 0;
}

/// Asks the local runner of the sweep, if there is one, to stop.
bool stop_local_runner(const SweepFolder& folder) {
  const auto holder = io::lock_holder(folder.root());
  if (!holder) return false;
  validate(holder->host == host_name(), ExitCode::usage,
           "the local runner of this sweep is process {} on {} (not this machine); cancel it there",
           holder->pid, holder->host);
  const auto process = io::process_of(*holder);
  validate(process.has_value(), ExitCode::usage,
           "the lock of this sweep names process {}, which is not the one that wrote it (it is in "
           "another container, or of another version of superpose); stop the runner where it was "
           "started",
           holder->pid);
  const bool sent = ::kill(*process, SIGTERM) == 0;
  validate(sent, ExitCode::usage,
           "cannot stop the local runner, process {} ({}); cancel as its user", *process,
           std::strerror(errno));
  log::info("asked the local runner (process {}) to stop", *process);
  return true;
}

}  // namespace

Chosen in_states(const Planned& planned, const std::vector<State>& states) {
  Chosen chosen;
  for (std::size_t i = 0; i < planned.points.size(); ++i)
    for (const auto state : states)
      if (planned.status[i].state == state) chosen.push_back(&planned.points[i]);
  return chosen;
}

std::unique_ptr<io::RunLock> take_sweep(Planned& planned) {
  auto lock = std::make_unique<io::RunLock>(planned.folder.root());
  planned.look_again_with_lock();
  return lock;
}

int start_points(const Planned& planned, const Chosen& points, const StartOptions& options,
                 io::RunLock* lock) {
  return options.local > 0 ? run_here(planned, points, options, lock)
                           : submit_points(planned, points, options);
}

void cancel(const Planned& planned) {
  const bool local = stop_local_runner(planned.folder);
  for (const auto& [scheduler, jobs] : planned.queue.jobs) {
    const auto& system = batch_system(scheduler);
    std::set<std::string> names;
    int n_points = 0;
    for (const auto& [job, n_tasks] : jobs) {
      names.insert(job);
      n_points += n_tasks;
    }
    cancel(system, names);
    log::info("cancelled {} points in {}'s queue (job {})", n_points, system.name(),
              fmt::join(names, ", "));
  }
  if (!local && planned.queue.jobs.empty()) log::info("nothing of this sweep waits or runs");
}

}  // namespace superpose::sweep
