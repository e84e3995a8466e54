#include "sweep/pbs.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cmath>

#include "config/duration.hpp"
#include "core/error.hpp"

namespace superpose::sweep {
namespace {

/// "HH:MM:SS"
std::string walltime(const std::string& time) {
  const auto seconds = std::lround(config::parse_duration(time, "resources.time"));
  return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string user_name() {
  const auto* user = ::getpwuid(::geteuid());
  return user == nullptr ? std::to_string(::geteuid()) : user->pw_name;
}

}  // namespace

/// qsub gives its script no arguments, and with -V the environment.
Command Pbs::submit_command(const ArrayJob& job) const {
  const auto& r = job.resources;
  Command command{
      "env",  "SUPERPOSE_LIST=" + job.list,
      "qsub", "-V",
      "-N",   plain_name(job.name),
      "-l",   fmt::format("select={0}:ncpus={1}:mpiprocs={1}", r.nodes, r.ranks_per_node),
      "-l",   "walltime=" + walltime(r.time),
      "-j",   "oe",
      "-o",   job.logs + "/"};
  const auto limit = job.throttle > 0 ? fmt::format("%{}", job.throttle) : "";
  if (job.n_tasks > 1)
    command.insert(command.end(), {"-J", fmt::format("0-{}{}", job.n_tasks - 1, limit)});
  for (const auto& option : words(r.sbatch)) command.push_back(option);
  command.push_back(job.job_script);
  return command;
}

std::string Pbs::job_id(const std::string& output) const {
  const auto found = words(output);
  const bool is_id = !found.empty() && found.back().find_first_of("0123456789") == 0;
  return is_id ? found.back() : "";
}

std::string Pbs::task(const std::string& job, std::size_t index) const {
  auto task = job;
  const auto place = task.find("[]");
  if (place != std::string::npos) task.replace(place, 2, fmt::format("[{}]", index));
  return task;
}

/// -T: subjobs, too; -s: in every state but that of subjobs that have ended.
Command Pbs::queue_command() const {
  return {"qselect", "-u", user_name(), "-T", "-s", "EHQRSTW"};
}

std::set<std::string> Pbs::tasks(const std::string& output) const {
  const auto tasks = words(output);
  return {tasks.begin(), tasks.end()};
}

}  // namespace superpose::sweep
