#pragma once

#include "sweep/batch_system.hpp"

namespace superpose::sweep {

/// A job of `flux batch` for each point: Flux has no arrays of batch scripts. A task is the job's
/// id in Flux's base 58, "f2N3xyz"; its first letter, which Flux prints as U+0192, is ASCII here.
class Flux : public BatchSystem {
 public:
  const char* name() const override { return "Flux"; }
  const char* template_file() const override { return "flux/sweep.sh"; }
  std::size_t most_tasks() const override { return 1; }
  /// Error (usage) for a limit on the tasks at a time.
  Command submit_command(const ArrayJob& job) const override;
  std::string job_id(const std::string& output) const override;
  std::string task(const std::string& job, std::size_t) const override { return job; }
  Command queue_command() const override;
  std::set<std::string> tasks(const std::string& output) const override;
  const char* cancel_program() const override { return "flux cancel"; }
};

}  // namespace superpose::sweep
