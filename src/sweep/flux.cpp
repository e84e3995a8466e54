#include "sweep/flux.hpp"

#include <algorithm>
#include <cctype>

#include "config/duration.hpp"
#include "core/error.hpp"

namespace superpose::sweep {
namespace {

/// An id that begins with U+0192 or, as Flux prints it for terminals without that, "f". Empty if
/// the word is none.
std::string ascii_id(std::string word) {
  constexpr std::string_view letter = "\u0192";
  if (word.rfind(letter, 0) == 0) word.replace(0, letter.size(), "f");
  const bool is_id =
      word.size() > 1 && word.front() == 'f' &&
      std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
  return is_id ? word : "";
}

}  // namespace

Command Flux::submit_command(const ArrayJob& job) const {
  validate(job.throttle == 0, ExitCode::usage,
           "--throttle has no effect with Flux (it has no arrays of batch jobs); leave it out, or "
           "limit the jobs of a queue");
  const auto& r = job.resources;
  Command command{
      "flux",
      "batch",
      "--job-name=" + plain_name(job.name),
      fmt::format("--nodes={}", r.nodes),
      fmt::format("--nslots={}", r.ranks()),
      fmt::format("--time-limit={:.0f}s", config::parse_duration(r.time, "resources.time")),
      "--output=" + job.logs + "/{{id}}.log"};
  for (const auto& option : words(r.sbatch)) command.push_back(option);
  command.push_back(job.job_script);
  command.push_back(job.list);
  return command;
}

std::string Flux::job_id(const std::string& output) const {
  const auto found = words(output);
  return found.empty() ? "" : ascii_id(found.back());
}

Command Flux::queue_command() const {
  return {"flux", "jobs", "--no-header", "--format={id.f58}"};
}

std::set<std::string> Flux::tasks(const std::string& output) const {
  std::set<std::string> tasks;
  for (const auto& word : words(output)) tasks.insert(ascii_id(word));
  return tasks;
}

}  // namespace superpose::sweep
