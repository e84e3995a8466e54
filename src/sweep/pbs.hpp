#pragma once

#include "sweep/batch_system.hpp"

namespace superpose::sweep {

/// Arrays of OpenPBS and PBS Professional. A task is "17[3].server"; the job of a single point,
/// which can be no array, is "17.server".
class Pbs : public BatchSystem {
 public:
  const char* name() const override { return "PBS"; }
  const char* template_file() const override { return "pbs/sweep.sh"; }
  std::size_t most_tasks() const override { return 10000; }  ///< max_array_size, by default
  Command submit_command(const ArrayJob& job) const override;
  std::string job_id(const std::string& output) const override;
  std::string task(const std::string& job, std::size_t index) const override;
  Command queue_command() const override;
  std::set<std::string> tasks(const std::string& output) const override;
  const char* cancel_program() const override { return "qdel"; }
};

}  // namespace superpose::sweep
