#pragma once

#include "sweep/batch_system.hpp"

namespace superpose::sweep {

/// Arrays of LSF. A task is "17[4]": LSF counts from 1.
class Lsf : public BatchSystem {
 public:
  const char* name() const override { return "LSF"; }
  const char* template_file() const override { return "lsf/sweep.sh"; }
  std::size_t most_tasks() const override { return 1000; }  ///< MAX_JOB_ARRAY_SIZE, by default
  /// Error (usage) if the folder of the logs holds a mark that bsub replaces.
  Command submit_command(const ArrayJob& job) const override;
  std::string job_id(const std::string& output) const override;
  std::string task(const std::string& job, std::size_t index) const override;
  Command queue_command() const override;
  std::set<std::string> tasks(const std::string& output) const override;
  bool is_empty_queue(const Outcome& outcome) const override;
  const char* cancel_program() const override { return "bkill"; }
};

}  // namespace superpose::sweep
