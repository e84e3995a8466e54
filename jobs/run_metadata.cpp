#include "jobs/run_metadata.hpp"

#include <fmt/format.h>

#include <set>

#include "core/host.hpp"
#include "core/log.hpp"
#include "core/version.hpp"
#include "jobs/version.hpp"

namespace superpose::jobs {
namespace {

/// Names of all hosts of the job, each once.
std::string hosts_of(const distributed::Communicator& world) {
  const auto names = world.allgather(host_name());
  return fmt::format("{}", fmt::join(std::set<std::string>(names.begin(), names.end()), ","));
}

}  // namespace

io::RunMetadata run_metadata(const distributed::Communicator& world,
                             const std::string& command_line, const std::string& configuration) {
  io::RunMetadata metadata;
  metadata.superpose_version = program_version();
  metadata.git_hash = git_hash();
  metadata.command_line = command_line;
  metadata.configuration = configuration;
  metadata.hosts = hosts_of(world);
  metadata.n_ranks = world.size();
  metadata.created = io::utc_now();
  metadata.libraries = library_versions();
  metadata.slurm = io::slurm_environment();
  log::detail("superpose {} (commit {}), {} ranks on {}", metadata.superpose_version,
              metadata.git_hash, metadata.n_ranks, metadata.hosts);
  return metadata;
}

}  // namespace superpose::jobs
