#include <fmt/format.h>

#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "data/generate_on_all_ranks.hpp"
#include "data/problem_file.hpp"
#include "data/shortcuts.hpp"
#include "data/statistics.hpp"
#include "io/output_file.hpp"
#include "jobs/subcommand.hpp"

namespace superpose::jobs {
namespace {

/// `superpose generate OUT.json [--count N ...]`
struct Arguments {
  std::string output;                       ///< problem file to write
  bool force = false;                       ///< replace what is there
  std::vector<config::Override> overrides;  ///< keys of data::GeneratorOptions
};

using data::GeneratedProblems;
using distributed::Communicator;

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
  std::string path;
  // A problem file says nothing of its maker: what is there is held against what would replace it.
  const auto compared_later = [](const std::string&) { return std::string(); };
  if (world.rank() == 0)
    path = io::prepare_output({arguments.output, "", {}, arguments.force}, compared_later);
  const auto set = data::generate_on_all_ranks(options, world);
  if (world.rank() == 0) {
    data::write_problems(path, set.problems,
                         arguments.force ? data::Existing::replaced : data::Existing::kept);
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
  sub->add_flag("--force", arguments->force,
                "Replace a file of other contents; without it that is an error");
  add_verbosity(*sub);
  data::GeneratorOptions defaults;
  add_settings(*sub, config::option_table(defaults), arguments->overrides);
  set_run(*sub, command, arguments, run);
}

}  // namespace superpose::jobs
