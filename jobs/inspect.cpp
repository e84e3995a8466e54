#include "io/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "data/problem_file.hpp"
#include "jobs/jobs.hpp"

namespace superpose::jobs {
namespace {

using Json = nlohmann::ordered_json;

/// By content: JSON begins with a bracket; all else is left to HDF5, which says why it refuses.
bool is_json(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  validate(file.is_open(), ExitCode::io,
           "cannot open {} ({}); give a checkpoint, run.h5 or problem"
           " file",
           path, std::strerror(errno));
  char first = 0;
  file >> first;  // past white space
  return first == '[' || first == '{';
}

/// A damaged file may hold text that is not UTF-8.
void print(const Json& json) {
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

// --- Checkpoints and run.h5
// -----------------------------------------------------------------------

Json to_json(const io::DatasetReport& dataset) {
  const NamedTensor& layout = dataset.layout;
  return {
      {"name", layout.name},       {"type", io::name_of(layout.dtype)}, {"shape", layout.shape},
      {"dimensions", layout.dims}, {"intact", dataset.problem.empty()}, {"fault", dataset.problem}};
}

Json to_json(const io::FileReport& report) {
  Json json{{"file", report.path},
            {"kind", report.kind.type},
            {"format_version", report.kind.version},
            {"intact", report.intact()},
            {"sealed", report.sealed},
            {"faults", report.problems},
            {"created", report.metadata.created},
            {"superpose_version", report.metadata.superpose_version},
            {"git_hash", report.metadata.git_hash},
            {"command_line", report.metadata.command_line},
            {"configuration", report.metadata.configuration}};
  if (report.checkpoint) {
    json["step"] = report.step ? Json(*report.step) : Json(nullptr);
    json["counters"] = report.counters;
    json["values"] = report.values;
  }
  for (const auto& table : report.tables)
    json["tables"].push_back({{"name", table.name}, {"index", table.index}, {"rows", table.rows}});
  json["datasets"] = Json::array();
  for (const auto& dataset : report.datasets) json["datasets"].push_back(to_json(dataset));
  return json;
}

void print_line(const char* label, const std::string& text) {
  fmt::print("  {:<19}{}\n", label, text);
}

void print_header(const io::FileReport& report) {
  fmt::print("{}: {}, format version {}\n", report.path, report.kind.type, report.kind.version);
  print_line("seal", report.sealed ? "matches" : "none that matches");
  print_line("created", report.metadata.created);
  print_line("program", fmt::format("superpose {}, commit {}", report.metadata.superpose_version,
                                    report.metadata.git_hash));
  if (report.step) print_line("step", std::to_string(*report.step));
  for (const auto& [name, value] : report.counters) print_line(name.c_str(), std::to_string(value));
  for (const auto& [name, value] : report.values)
    print_line(name.c_str(), fmt::format("{}", value));
  for (const auto& table : report.tables)
    print_line(table.name.c_str(), fmt::format("{} rows by {}", table.rows, table.index));
}

void print_datasets(const io::FileReport& report) {
  fmt::print("\n{:<44} {:<5}{:<16}{:<28} {}\n", "dataset", "type", "shape", "dimensions",
             report.checkpoint ? "checksum" : "readable");
  for (const auto& [layout, problem] : report.datasets)
    fmt::print("{:<44} {:<5}{:<16}{:<28} {}\n", layout.name, io::name_of(layout.dtype),
               fmt::format("[{}]", fmt::join(layout.shape, ", ")),
               fmt::format("{}", fmt::join(layout.dims, ", ")),
               problem.empty() ? (report.checkpoint ? "ok" : "yes") : problem);
}

void inspect_hdf5(const InspectArguments& arguments) {
  const auto report = io::inspect(arguments.file);
  if (arguments.json) {
    print(to_json(report));
  } else {
    print_header(report);
    print_datasets(report);
  }
  io::require_intact(report);
  if (!arguments.json) fmt::print("\nintact: {} datasets\n", report.datasets.size());
}

// --- Problem files
// --------------------------------------------------------------------------------

/// Smallest and largest of a property of the problems.
template <class Property>
std::array<int, 2> range_of(const std::vector<data::Problem>& problems, Property&& property) {
  std::array<int, 2> range{property(problems.front()), property(problems.front())};
  for (const auto& problem : problems)
    range = {std::min(range[0], property(problem)), std::max(range[1], property(problem))};
  return range;
}

void inspect_problems(const InspectArguments& arguments) {
  const auto file = data::read_problems(arguments.file);
  const auto nodes = range_of(file.problems, [](const auto& p) { return p.graph.n_nodes; });
  const auto hops = range_of(file.problems, [](const auto& p) { return p.hops; });
  if (arguments.json)
    return print({{"file", arguments.file},
                  {"kind", "problems"},
                  {"intact", true},
                  {"problems", file.problems.size()},
                  {"nodes", nodes},
                  {"hops", hops},
                  {"hash", file.hash}});
  fmt::print("{}: problem file\n", arguments.file);
  print_line("problems", std::to_string(file.problems.size()));
  print_line("nodes", fmt::format("{} to {}", nodes[0], nodes[1]));
  print_line("hops", fmt::format("{} to {}", hops[0], hops[1]));
  print_line("hash", file.hash);
}

}  // namespace

int inspect_job(const InspectArguments& arguments) {
  if (is_json(arguments.file))
    inspect_problems(arguments);
  else
    inspect_hdf5(arguments);
  return 0;
}

}  // namespace superpose::jobs
