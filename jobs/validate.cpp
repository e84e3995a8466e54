#include <fmt/format.h>

#include <filesystem>

#include "config/run_config.hpp"
#include "core/log.hpp"
#include "jobs/jobs.hpp"

namespace superpose::jobs {
namespace {

void warn_if_missing(const char* key, const std::string& path) {
  if (path.empty() || std::filesystem::exists(path)) return;
  log::warning("superpose: warning: {} = \"{}\" does not exist yet", key, path);
}

}  // namespace

/// Prints the effective configuration, itself a valid configuration file.
int validate_job(const ValidateArguments& arguments) {
  const auto options = config::read_run_config(arguments.config, arguments.overrides);
  warn_if_missing("data.train", options.data.train);
  warn_if_missing("data.valid", options.data.valid);
  fmt::print("# {} is valid; every setting of the run:\n{}", arguments.config,
             config::effective_config(options));
  return 0;
}

}  // namespace superpose::jobs
