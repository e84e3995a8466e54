#include "sweep/lsf.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "config/duration.hpp"
#include "core/error.hpp"

namespace superpose::sweep {
namespace {

bool is_number(const std::string& word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

/// -Q 75: what was interrupted is queued again; -wa, -wt: a signal 3 minutes before the limit.
Command Lsf::submit_command(const ArrayJob& job) const {
  validate(
      job.logs.find('%') == std::string::npos, ExitCode::usage,
      "sweep.directory holds a % ({}; bsub reads it as a mark in -o); choose another directory",
      job.logs);
  const auto& r = job.resources;
  const auto limit = job.throttle > 0 ? fmt::format("%{}", job.throttle) : "";
  const auto minutes = std::ceil(config::parse_duration(r.time, "resources.time") / 60);
  Command command{"bsub",
                  "-J",
                  fmt::format("{}[1-{}]{}", plain_name(job.name), job.n_tasks, limit),
                  "-n",
                  std::to_string(r.ranks()),
                  "-R",
                  fmt::format("span[ptile={}]", r.ranks_per_node),
                  "-W",
                  fmt::format("{:.0f}", minutes),
                  "-Q",
                  "75",
                  "-wa",
                  "USR1",
                  "-wt",
                  "3",
                  "-o",
                  job.logs + "/%J_%I.log"};
  for (const auto& option : words(r.sbatch)) command.push_back(option);
  command.insert(command.end(), {"bash", job.job_script, job.list});
  return command;
}

/// "Job <17> is submitted to queue <normal>."
std::string Lsf::job_id(const std::string& output) const {
  constexpr std::string_view before = "Job <";
  const auto begin = output.find(before);
  if (begin == std::string::npos) return "";
  const auto rest = output.substr(begin + before.size());
  const auto id = rest.substr(0, rest.find('>'));
  return is_number(id) ? id : "";
}

std::string Lsf::task(const std::string& job, std::size_t index) const {
  return fmt::format("{}[{}]", job, index + 1);
}

Command Lsf::queue_command() const {
  return {"bjobs", "-noheader", "-o", "jobid jobindex"};
}

std::set<std::string> Lsf::tasks(const std::string& output) const {
  std::set<std::string> tasks;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const auto ids = words(line);
    if (ids.size() == 2 && is_number(ids[0]) && is_number(ids[1]))
      tasks.insert(fmt::format("{}[{}]", ids[0], ids[1]));
  }
  return tasks;
}

bool Lsf::is_empty_queue(const Outcome& outcome) const {
  return outcome.output.find("No unfinished job found") != std::string::npos;
}

}  // namespace superpose::sweep
