#include "sweep/batch_system.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "core/error.hpp"
#include "sweep/flux.hpp"
#include "sweep/lsf.hpp"
#include "sweep/pbs.hpp"
#include "sweep/slurm.hpp"

namespace superpose::sweep {
namespace {

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// After `env` and the variables that it sets.
std::string program_of(const Command& command) {
  return *std::find_if(command.begin(), command.end(), [](const std::string& word) {
    return word != "env" && word.find('=') == std::string::npos;
  });
}

Outcome require(const BatchSystem& system, const Command& command) {
  auto outcome = run(command);
  validate(outcome.code != no_such_program, ExitCode::usage,
           "there is no {} here ({}'s commands are not on the path); submit from a login node, "
           "choose another --scheduler, or run the points here with --local SLOTS",
           program_of(command), system.name());
  validate(outcome.code == 0, ExitCode::failure,
           "{} failed with code {}: {}\nfix what {} reports (nodes, time and sbatch are set in the "
           "sweep file) and repeat the command: it submits only points that are not submitted yet",
           command_line(command), outcome.code,
           outcome.output.substr(0, outcome.output.find_last_not_of('\n') + 1), system.name());
  return outcome;
}

}  // namespace

const BatchSystem& batch_system(Scheduler scheduler) {
  static const Slurm slurm;
  static const Flux flux;
  static const Pbs pbs;
  static const Lsf lsf;
  const std::array<const BatchSystem*, 4> systems{&slurm, &flux, &pbs, &lsf};
  return *systems.at(static_cast<std::size_t>(scheduler));
}

std::optional<std::set<std::string>> queued_tasks(const BatchSystem& system) {
  const auto command = system.queue_command();
  const auto outcome = run(command);
  if (outcome.code == no_such_program) return std::nullopt;
  if (outcome.code != 0 && system.is_empty_queue(outcome)) return std::set<std::string>();
  validate(outcome.code == 0, ExitCode::failure, "{} failed with code {} ({})", command.front(),
           outcome.code, first_line(outcome.output));
  return system.tasks(outcome.output);
}

std::string submit(const BatchSystem& system, const ArrayJob& job) {
  const auto command = system.submit_command(job);
  const auto outcome = require(system, command);
  auto id = system.job_id(outcome.output);
  validate(!id.empty(), ExitCode::failure, "{} gave no job id but: {}", command_line(command),
           outcome.output);
  return id;
}

void cancel(const BatchSystem& system, const std::set<std::string>& jobs) {
  auto command = words(system.cancel_program());
  command.insert(command.end(), jobs.begin(), jobs.end());
  require(system, command);
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> found;
  for (std::string word; stream >> word;) found.push_back(word);
  return found;
}

std::string plain_name(const std::string& name) {
  auto plain = name;
  const auto is_other = [](unsigned char c) {
    return std::isalnum(c) == 0 && c != '-' && c != '_' && c != '.';
  };
  std::replace_if(plain.begin(), plain.end(), is_other, '_');
  return plain;
}

}  // namespace superpose::sweep
