#include "train/live_log.hpp"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.hpp"
#include "core/log.hpp"
#include "core/plain_text.hpp"

namespace superpose::train {
namespace {

namespace fs = std::filesystem;

/// The directory's own name, also of "." or "runs/a/".
std::string name_of(const std::string& directory) {
  const auto path = fs::weakly_canonical(directory);
  return valid_utf8(path.filename().string());
}

bool is_live_log(const std::string& path) {
  std::string first;
  std::error_code unknown;
  if (!fs::is_regular_file(fs::symlink_status(path, unknown))) return false;
  std::ifstream file(path, std::ios::binary);
  if (!std::getline(file, first) || file.eof()) return false;
  const auto line = io::Json::parse(first, nullptr, false);
  return line.is_object() && line.contains("table") && line["table"] == "run";
}

/// A run that was killed has logged steps beyond its last checkpoint, which are done again. A line
/// of an epoch may stand at a step that is not, if the checkpoint was made before the epoch ended.
bool stays(const io::Json& line, const LiveLog::Done& done) {
  const auto& table = line.at("table");
  if (table == "run") return true;
  if (line.at("step").get<std::int64_t>() > done.steps) return false;
  return table == "steps" || line.at("epoch").get<std::int64_t>() < done.epochs;
}

/// Keeps what is there and is no log of a run, for a look.
void move_aside(const std::string& path) {
  std::error_code unknown;
  if (!fs::exists(fs::symlink_status(path, unknown))) return;
  log::warning("{} does not begin as the log of a run; it is kept as {}", path, set_aside(path));
}

}  // namespace

LiveLog::LiveLog(const std::string& directory, const io::RunMetadata& metadata,
                 const std::optional<Done>& continued) {
  const auto path = directory + "/run.jsonl";
  if (continued && is_live_log(path)) {
    lines_.emplace(path, [&](const io::Json& line) { return stays(line, *continued); });
    return;
  }
  if (continued) move_aside(path);
  lines_.emplace(path);
  lines_->append(io::run_line(name_of(directory), metadata));
}

void LiveLog::write(const io::Table& table, std::int64_t index, const io::Row& row,
                    std::int64_t step) {
  lines_->append(io::row_line(table, index, row, step));
}

}  // namespace superpose::train
