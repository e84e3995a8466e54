#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/files.hpp"
#include "core/plain_text.hpp"
#include "data/problem_file.hpp"
#include "io/checkpoint.hpp"
#include "io/inspect_report.hpp"
#include "jobs/subcommand.hpp"

namespace superpose::jobs {
namespace {

/// `superpose inspect FILE [--json]`
struct Arguments {
  std::string file;   ///< checkpoint, run.h5 or problem file
  bool json = false;  ///< print JSON, for programs
};

using io::Json;

/// By content: JSON begins with a bracket, perhaps after a byte order mark; all else is left to
/// HDF5, which says why it refuses.
bool is_json(const std::string& path) {
  require_regular_file(path, ExitCode::io);
  std::ifstream file(path, std::ios::binary);
  validate(file.is_open(), ExitCode::io,
           "cannot open {} ({}); give a checkpoint, run.h5 or problem"
           " file",
           path, std::strerror(errno));
  char first = 0;
  file >> first;  // past white space
  for (const char byte : {'\xef', '\xbb', '\xbf'})
    if (first == byte) file >> first;
  return first == '[' || first == '{';
}

void print(const Json& json) {
  fmt::print("{}\n", io::to_text(json));
}

void inspect_hdf5(const std::string& path, bool as_json) {
  const auto report = io::inspect(path);
  if (as_json)
    print(io::to_json(report));
  else
    fmt::print("{}", printable(io::text(report)));
  io::require_intact(report);
  io::require_possible(report);
  if (!as_json) fmt::print("\nintact: {} datasets\n", report.datasets.size());
}

/// Smallest and largest of a property of the problems.
template <class Property>
std::array<int, 2> range_of(const std::vector<data::Problem>& problems, Property&& property) {
  std::array<int, 2> range{property(problems.front()), property(problems.front())};
  for (const auto& problem : problems)
    range = {std::min(range[0], property(problem)), std::max(range[1], property(problem))};
  return range;
}

void inspect_problems(const std::string& path, bool as_json) {
  const auto file = data::read_problems(path);
  const auto nodes = range_of(file.problems, [](const auto& p) { return p.graph.n_nodes; });
  const auto hops = range_of(file.problems, [](const auto& p) { return p.hops; });
  if (as_json)
    return print({{"file", path},
                  {"kind", "problems"},
                  {"intact", true},
                  {"problems", file.problems.size()},
                  {"nodes", nodes},
                  {"hops", hops},
                  {"hash", file.hash}});
  fmt::print("{}: problem file\n", printable(path));
  fmt::print("{}", io::report_line("problems", std::to_string(file.problems.size())));
  fmt::print("{}", io::report_line("nodes", fmt::format("{} to {}", nodes[0], nodes[1])));
  fmt::print("{}", io::report_line("hops", fmt::format("{} to {}", hops[0], hops[1])));
  fmt::print("{}", io::report_line("hash", file.hash));
}

int run(const Arguments& arguments) {
  const auto path = io::checkpoint_file(arguments.file);
  is_json(path) ? inspect_problems(path, arguments.json) : inspect_hdf5(path, arguments.json);
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, Command& command, const std::string& /*typed*/) {
  auto* sub = app.add_subcommand("inspect", "Say what a file holds and whether it is intact");
  const auto arguments = std::make_shared<Arguments>();
  sub->add_option(
         "FILE", arguments->file,
         "Checkpoint (or run directory for its newest), run.h5, probe file or problem file")
      ->type_name("")
      ->required();
  sub->add_flag("--json", arguments->json, "Print JSON");
  set_run(*sub, command, arguments, run);
}

}  // namespace superpose::jobs
