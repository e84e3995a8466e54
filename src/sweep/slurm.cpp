#include "sweep/slurm.hpp"

#include <algorithm>
#include <sstream>

#include "core/error.hpp"

namespace superpose::sweep {
namespace {

constexpr std::size_t default_max_array_size = 1001;

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> found;
  for (std::string word; stream >> word;) found.push_back(word);
  return found;
}

Outcome require(const Command& command) {
  auto outcome = run(command);
  validate(outcome.code != no_such_program, ExitCode::usage,
           "there is no {} here (SLURM's commands are not on the path); submit from a login node, "
           "or run the points here with --local SLOTS",
           command.front());
  validate(outcome.code == 0, ExitCode::failure,
           "{} failed with code {}: {}\nmend what SLURM names (in the sweep file: nodes, time, "
           "sbatch) and repeat the command, which starts only what is not there",
           command_line(command), outcome.code,
           outcome.output.substr(0, outcome.output.find_last_not_of('\n') + 1));
  return outcome;
}

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

std::optional<std::set<std::string>> queued_tasks() {
  // --array: a line a task, those that have not started too.
  const auto outcome = run({"squeue", "--noheader", "--array", "--me", "--format=%i"});
  if (outcome.code == no_such_program) return std::nullopt;
  validate(outcome.code == 0, ExitCode::failure, "squeue failed with code {} ({})", outcome.code,
           outcome.output.substr(0, outcome.output.find('\n')));
  const auto tasks = words(outcome.output);
  return std::set<std::string>(tasks.begin(), tasks.end());
}

std::size_t max_array_size() {
  const auto outcome = run({"scontrol", "show", "config"});
  std::istringstream lines(outcome.output);
  for (std::string name, equals, value; lines >> name;) {
    if (name != "MaxArraySize") continue;
    std::size_t size = 0;
    if (lines >> equals >> size && size > 0) return size;
  }
  return default_max_array_size;
}

Command sbatch_command(const ArrayJob& job) {
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

std::string submit(const ArrayJob& job) {
  const auto command = sbatch_command(job);
  const auto outcome = require(command);
  // "JOB" or "JOB;CLUSTER" is the last line; warnings stand before it.
  const auto found = words(outcome.output);
  const std::string id = found.empty() ? "" : found.back().substr(0, found.back().find(';'));
  const bool is_number =
      !id.empty() && std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
  validate(is_number, ExitCode::failure, "{} gave no job id but: {}", command_line(command),
           outcome.output);
  return id;
}

void cancel(const std::vector<std::string>& jobs) {
  Command command{"scancel"};
  command.insert(command.end(), jobs.begin(), jobs.end());
  require(command);
}

}  // namespace superpose::sweep
