#include "io/inspect_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/enum_names.hpp"

namespace superpose::io {
namespace {

Json to_json(const DatasetReport& dataset) {
  const NamedTensor& layout = dataset.layout;
  return {
      {"name", layout.name},       {"type", to_string(layout.dtype)},   {"shape", layout.shape},
      {"dimensions", layout.dims}, {"intact", dataset.problem.empty()}, {"fault", dataset.problem}};
}

std::string header_text(const FileReport& report) {
  auto text = fmt::format("{}: {}, format version {}\n", report.path, report.kind.type,
                          report.kind.version);
  const auto add = [&](const std::string& label, const auto& value) {
    text += report_line(label, fmt::format("{}", value));
  };
  add("seal", report.sealed ? "matches" : "none that matches");
  add("created", report.metadata.created);
  add("program", fmt::format("superpose {}, commit {}", report.metadata.superpose_version,
                             report.metadata.git_hash));
  if (report.step) add("step", *report.step);
  for (const auto& [name, value] : report.counters) add(name, value);
  for (const auto& [name, value] : report.values) add(name, value);
  for (const auto& table : report.tables)
    add(table.name, fmt::format("{} rows by {}", table.rows, table.index));
  return text;
}

std::string dataset_table(const FileReport& report) {
  auto text = fmt::format("\n{:<44} {:<5}{:<16}{:<28} {}\n", "dataset", "type", "shape",
                          "dimensions", report.checkpoint ? "checksum" : "readable");
  const char* good = report.checkpoint ? "ok" : "yes";
  for (const auto& [layout, problem] : report.datasets)
    text += fmt::format("{:<44} {:<5}{:<16}{:<28} {}\n", layout.name, to_string(layout.dtype),
                        fmt::format("[{}]", fmt::join(layout.shape, ", ")),
                        fmt::format("{}", fmt::join(layout.dims, ", ")),
                        problem.empty() ? good : problem);
  return text;
}

}  // namespace

Json to_json(const FileReport& report) {
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

std::string text(const FileReport& report) {
  return header_text(report) + dataset_table(report);
}

std::string report_line(const std::string& label, const std::string& value) {
  return fmt::format("  {:<19}{}\n", label, value);
}

}  // namespace superpose::io
