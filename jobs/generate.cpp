#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "data/generator.hpp"
#include "data/problem_file.hpp"
#include "data/problem_record.hpp"
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

/// Problems a rank generates between two exchanges: bounds the memory of the exchange.
constexpr std::uint64_t block_size = 512;

/// One record a line: the form in which problems travel between ranks.
std::string to_lines(const std::vector<data::Problem>& problems) {
  std::string lines;
  for (const auto& problem : problems) lines += data::record_text(problem) + "\n";
  return lines;
}

void append_lines(const std::string& lines, std::vector<data::Problem>& problems) {
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    problems.push_back(data::problem_from_record(nlohmann::json::parse(line)));
  }
}

/// All problems on rank 0, in order; the other ranks keep none. Blocks go round the ranks; since a
/// problem depends on its index alone, any number of ranks gives the same set.
GeneratedProblems generate_on_all_ranks(const data::GeneratorOptions& options,
                                        const Communicator& world) {
  GeneratedProblems all;
  const std::uint64_t count = options.count;
  const auto block_begin = [&](std::uint64_t block) { return std::min(block * block_size, count); };
  for (std::uint64_t block = 0; block_begin(block) < count; block += world.size()) {
    const std::uint64_t mine = block + world.rank();
    const auto generated =
        data::generate_problems(options, block_begin(mine), block_begin(mine + 1));
    for (const auto tried : world.allgather(generated.graphs_tried)) all.graphs_tried += tried;
    for (const auto& lines : world.allgather(to_lines(generated.problems))) {
      if (world.rank() == 0) append_lines(lines, all.problems);
    }
  }
  return all;
}

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
  const auto set = generate_on_all_ranks(options, world);
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
