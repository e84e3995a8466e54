#include "io/json_lines.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/stored_settings.hpp"

namespace superpose::io {
namespace {

double unix_time() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

/// Of a value as TOML writes it; JSON writes texts, numbers, truths and lists of them alike.
Json value_of(const std::string& toml) {
  const auto json = Json::parse(toml, nullptr, false);
  return json.is_discarded() ? Json(toml) : json;
}

/// {section: {key: value}} of a stored configuration.
Json configuration_of(const RunMetadata& metadata) {
  Json sections = Json::object();
  for (const auto& [key, value] : settings_of(metadata.configuration)) {
    const auto dot = key.find('.');
    sections[key.substr(0, dot)][key.substr(dot + 1)] = value_of(value);
  }
  return sections;
}

Json provenance_of(const RunMetadata& metadata) {
  Json provenance = Json::object();
  visit_attributes(metadata, [&](const std::string& name, const auto& value) {
    if (name != "configuration") provenance[name] = value;
  });
  return provenance;
}

/// What a value's place along the dimensions adds to the name of its column: measures have their
/// number alone, as in all flat tables (FORMAT.md, Evaluations).
std::string ending_of(const Column& column, std::size_t element) {
  std::string ending;
  for (auto dimension = column.by.rbegin(); dimension != column.by.rend(); ++dimension) {
    const auto& [name, coordinates] = *dimension;
    const bool measure = name == "hop" || name == "hops";
    ending = fmt::format("_{}{}{}", measure ? "" : name, coordinates[element % coordinates.size()],
                         ending);
    element /= coordinates.size();
  }
  return ending;
}

/// The bytes of the lines that may stay.
off_t kept_bytes(const std::string& path, const std::function<bool(const Json&)>& keep) {
  off_t bytes = 0;
  std::ifstream file(path, std::ios::binary);
  try {
    for (std::string line; std::getline(file, line) && !file.eof();) {  // eof: without its end
      if (!keep(Json::parse(line))) break;
      bytes += static_cast<off_t>(line.size()) + 1;
    }
  } catch (const Json::exception&) {  // this line and those after it go
  }
  return bytes;
}

}  // namespace

Json run_line(const std::string& name, const RunMetadata& metadata) {
  return {{"table", "run"},
          {"name", name},
          {"configuration", configuration_of(metadata)},
          {"provenance", provenance_of(metadata)}};
}

Json row_line(const Table& table, std::int64_t index, const Row& row, std::int64_t step) {
  Json line{{"table", table.name()}, {"step", step}, {"unix_time", unix_time()}};
  line[table.index_column().name] = index;
  for (const auto& column : table.columns()) {
    const auto& values = row.at(column.name);
    for (std::size_t i = 0; i < values.size(); ++i)
      line[column.name + ending_of(column, i)] = column.dtype == DType::i64
                                                     ? Json(static_cast<std::int64_t>(values[i]))
                                                     : number(values[i]);
  }
  return line;
}

JsonLines::JsonLines(const std::string& path) : path_(path), file_(Descriptor::of_new_file(path)) {}

JsonLines::JsonLines(const std::string& path, const std::function<bool(const Json&)>& keep)
    : path_(path), file_(path, O_WRONLY | O_APPEND | O_NOFOLLOW) {
  const bool cut = ::ftruncate(file_, kept_bytes(path, keep)) == 0;
  validate(cut, ExitCode::io, "cannot cut {} ({})", path, std::strerror(errno));
}

void JsonLines::append(const Json& line) {
  write_all(file_, line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n", path_);
}

void JsonLines::sync() {
  const bool done = ::fsync(file_) == 0;
  validate(done, ExitCode::io, "cannot force {} to the disk ({})", path_, std::strerror(errno));
}

}  // namespace superpose::io
