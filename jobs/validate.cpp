#include <fmt/format.h>

#include <filesystem>

#include "config/run_config.hpp"
#include "core/log.hpp"
#include "jobs/subcommand.hpp"

namespace superpose::jobs {
namespace {

/// `superpose validate CONFIG [--KEY VALUE ...]`
struct Arguments {
  std::string config;
  std::vector<config::Override> overrides;
  int ranks = 1;  ///< of the job that is to come
};

void warn_if_missing(const char* key, const std::string& path) {
  if (path.empty() || std::filesystem::exists(path)) return;
  log::warning("superpose: warning: {} = \"{}\" does not exist yet", key, path);
}

/// Prints the effective configuration, itself a valid configuration file.
int run(const Arguments& arguments) {
  const auto options =
      config::read_run_config(arguments.config, arguments.overrides, arguments.ranks);
  for (const auto& path : options.data.train) warn_if_missing("data.train", path);
  warn_if_missing("data.valid", options.data.valid);
  fmt::print("# {} is valid; every setting of the run:\n{}", arguments.config,
             config::effective_config(options));
  return 0;
}

}  // namespace

void add_validate(CLI::App& app, Command& command, const std::string& /*typed*/) {
  auto* sub = app.add_subcommand("validate", "Check a configuration and print every setting of it");
  const auto arguments = std::make_shared<Arguments>();
  sub->add_option("CONFIG", arguments->config, "Configuration of the run (TOML)")
      ->type_name("")
      ->required();
  sub->add_option("--ranks", arguments->ranks, "Check for so many ranks, too")
      ->check(integer_in(1, 1 << 24))
      ->type_name("N");
  train::RunOptions defaults;
  add_settings(*sub, config::option_table(defaults), arguments->overrides);
  set_run(*sub, command, arguments, run);
}

}  // namespace superpose::jobs
