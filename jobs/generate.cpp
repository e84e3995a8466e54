#include <fmt/format.h>

#include <filesystem>

#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "data/generate_on_all_ranks.hpp"
#include "data/problem_file.hpp"
#include "data/shortcuts.hpp"
#include "data/statistics.hpp"
#include "jobs/subcommand.hpp"

namespace superpose::jobs {
namespace {

/// `superpose generate OUT.json [--count N ...]`
struct Arguments {
  std::string output;                       ///< problem file to write
  std::vector<config::Override> overrides;  ///< keys of data::GeneratorOptions
};

using data::GeneratedProblems;
using distributed::Communicator;

/// Before the work, not after it: a path that cannot be written is found at once.
void create_folder_of(const std::string& path) {
  validate(!std::filesystem::exists(path) || std::filesystem::is_regular_file(path), ExitCode::io,
           "'{}' is there and not a file (it would be replaced); choose another name", path);
  const auto folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  validate(!error, ExitCode::io, "cannot create the folder '{}' ({}); choose another one",
           folder.string(), error.message());
}

void report(const GeneratedProblems& set, const std::string& path, double seconds) {
  log::info("{}\n{}", data::table(data::statistics(set.problems)),
            data::table(data::shortcuts(set.problems)));
  const std::size_t n = set.problems.size();
  log::info("{}: {} problems ({:.2f} % of {} graphs) in {:.2f} s", path, n,
            100.0 * n / set.graphs_tried, set.graphs_tried, seconds);
}

int run(const Arguments& arguments, const Communicator& world) {
  const Stopwatch watch;
  const auto options = config::read_generator_options(arguments.overrides);
  if (world.rank() == 0) create_folder_of(arguments.output);
  const auto set = data::generate_on_all_ranks(options, world);
  if (world.rank() == 0) {
    data::write_problems(arguments.output, set.problems);
    report(set, arguments.output, watch.seconds());
  }
  return 0;
}

}  // namespace

void add_generate(CLI::App& app, Command& command, const std::string& /*typed*/) {
  auto* sub = app.add_subcommand("generate", "Write a problem file with the published statistics");
  const auto arguments = std::make_shared<Arguments>();
  sub->add_option("OUT", arguments->output, "Problem file (JSON) to write")
      ->type_name("")
      ->required();
  data::GeneratorOptions defaults;
  add_settings(*sub, config::option_table(defaults), arguments->overrides);
  set_run(*sub, command, arguments, run);
}

}  // namespace superpose::jobs
