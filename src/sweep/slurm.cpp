#include "sweep/slurm.hpp"

#include <algorithm>
#include <sstream>

#include "core/error.hpp"

namespace superpose::sweep {
namespace {

constexpr std::size_t default_max_array_size = 1001;

/// A file name in which sbatch replaces nothing: it reads %j and the like as patterns, and a
/// backslash as the end of all of them.
std::string file_pattern(const std::string& path) {
  validate(path.find('\\') == std::string::npos, ExitCode::usage,
           "sweep.directory holds a backslash ({}; sbatch reads it as a mark in --output); choose "
           "another directory",
           path);
  std::string pattern;
  for (const char c : path) pattern += c == '%' ? std::string("%%") : std::string(1, c);
  return pattern;
}

}  // namespace

std::size_t Slurm::most_tasks() const {
  const auto outcome = run({"scontrol", "show", "config"});
  std::istringstream lines(outcome.output);
  for (std::string name, equals, value; lines >> name;) {
    if (name != "MaxArraySize") continue;
    std::size_t size = 0;
    if (lines >> equals >> size && size > 0) return size;
  }
  return default_max_array_size;
}

Command Slurm::submit_command(const ArrayJob& job) const {
  const auto& r = job.resources;
  Command command{"sbatch",
                  "--parsable",
                  "--job-name=" + job.name,
                  fmt::format("--array=0-{}", job.n_tasks - 1),
                  fmt::format("--nodes={}", r.nodes),
                  fmt::format("--ntasks={}", r.ranks()),  // the script's own would win
                  fmt::format("--ntasks-per-node={}", r.ranks_per_node),
                  "--time=" + r.time,
                  "--output=" + file_pattern(job.logs) + "/%A_%a.log"};
  if (job.throttle > 0) command[3] += fmt::format("%{}", job.throttle);
  for (const auto& option : words(r.sbatch)) command.push_back(option);
  command.push_back(job.job_script);
  command.push_back(job.list);
  return command;
}

/// "JOB" or "JOB;CLUSTER" is the last line; warnings stand before it.
std::string Slurm::job_id(const std::string& output) const {
  const auto found = words(output);
  auto id = found.empty() ? "" : found.back().substr(0, found.back().find(';'));
  const bool is_number =
      std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? id : "";
}

std::string Slurm::task(const std::string& job, std::size_t index) const {
  return fmt::format("{}_{}", job, index);
}

Command Slurm::queue_command() const {
  // --array: a line a task, those that have not started too.
  return {"squeue", "--noheader", "--array", "--me", "--format=%i"};
}

std::set<std::string> Slurm::tasks(const std::string& output) const {
  const auto tasks = words(output);
  return {tasks.begin(), tasks.end()};
}

}  // namespace superpose::sweep
