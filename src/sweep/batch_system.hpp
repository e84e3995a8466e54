#pragma once
/// Batch systems as a sweep needs them: points are submitted as tasks of a job, what waits or runs
/// is listed, and cancelled. Of all but SLURM the commands were only ever answered by stand-ins.

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/enum_names.hpp"
#include "sweep/process.hpp"
#include "sweep/sweep_points.hpp"

namespace superpose::sweep {

enum class Scheduler { slurm, flux, pbs, lsf };
constexpr std::array<const char*, 4> names_of(Scheduler) {
  return {"slurm", "flux", "pbs", "lsf"};
}

struct ArrayJob {
  std::string name;
  std::string list;  ///< of point directories, a line a task
  std::size_t n_tasks = 0;
  int throttle = 0;  ///< most tasks at a time; 0: no limit
  Resources resources;
  std::string logs;        ///< folder
  std::string job_script;  ///< BatchSystem::template_file below --scripts
};

class BatchSystem {
 public:
  virtual ~BatchSystem() = default;

  virtual const char* name() const = 0;           ///< "SLURM"
  virtual const char* template_file() const = 0;  ///< "sweep.sbatch", in the folder of the scripts
  /// The most tasks that a job may have here.
  virtual std::size_t most_tasks() const = 0;

  virtual Command submit_command(const ArrayJob& job) const = 0;
  /// The job's id in what that says; empty if there is none.
  virtual std::string job_id(const std::string& output) const = 0;
  /// A task of a job, by its line in the list: as tasks() has it, and slurm/point.sh.
  virtual std::string task(const std::string& job, std::size_t index) const = 0;

  /// Lists the tasks of this user that wait or run.
  virtual Command queue_command() const = 0;
  virtual std::set<std::string> tasks(const std::string& output) const = 0;
  /// Whether the queue command's failure means that nothing waits or runs.
  virtual bool is_empty_queue(const Outcome& /*outcome*/) const { return false; }

  /// Cancels the jobs that it is given.
  virtual const char* cancel_program() const = 0;
};

const BatchSystem& batch_system(Scheduler scheduler);

/// Nothing where there is no such system. Error (failure) if its command fails.
std::optional<std::set<std::string>> queued_tasks(const BatchSystem& system);

/// The job's id. Error (failure) with what the system says.
std::string submit(const BatchSystem& system, const ArrayJob& job);

/// Error (failure) with what the system says.
void cancel(const BatchSystem& system, const std::set<std::string>& jobs);

/// The words of a text, by blanks.
std::vector<std::string> words(const std::string& text);

/// A name for a job that every system takes: other characters than letters, digits and "-_." are
/// underscores.
std::string plain_name(const std::string& name);

}  // namespace superpose::sweep
