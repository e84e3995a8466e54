#pragma once

#include "sweep/batch_system.hpp"

namespace superpose::sweep {

/// Arrays of sbatch. A task is "17_3".
class Slurm : public BatchSystem {
 public:
  const char* name() const override { return "SLURM"; }
  const char* template_file() const override { return "sweep.sbatch"; }
  /// MaxArraySize; 1001, SLURM's default, if it does not tell.
  std::size_t most_tasks() const override;
  Command submit_command(const ArrayJob& job) const override;
  std::string job_id(const std::string& output) const override;
  std::string task(const std::string& job, std::size_t index) const override;
  Command queue_command() const override;
  std::set<std::string> tasks(const std::string& output) const override;
  const char* cancel_program() const override { return "scancel"; }
};

}  // namespace superpose::sweep
