#pragma once
/// SLURM's commands as a sweep needs them.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sweep/process.hpp"
#include "sweep/sweep_points.hpp"

namespace superpose::sweep {

/// Array tasks ("17_3") of this user that wait or run. Nothing where there is no SLURM.
/// Error (failure) if squeue fails.
std::optional<std::set<std::string>> queued_tasks();

/// The most tasks an array may have here (MaxArraySize); 1001, SLURM's default, if it does not
/// tell.
std::size_t max_array_size();

struct ArrayJob {
  std::string name;
  std::string list;  ///< of point directories, a line a task
  std::size_t n_tasks = 0;
  int throttle = 0;  ///< most tasks at a time; 0: no limit
  Resources resources;
  std::string logs;        ///< folder
  std::string job_script;  ///< slurm/sweep.sbatch
};

Command sbatch_command(const ArrayJob& job);

/// SLURM's id. Error (failure) with what sbatch says.
std::string submit(const ArrayJob& job);

/// Error (failure) with what scancel says.
void cancel(const std::vector<std::string>& jobs);

}  // namespace superpose::sweep
