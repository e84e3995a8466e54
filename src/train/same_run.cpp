#include "train/same_run.hpp"

#include <map>
#include <sstream>
#include <string>

#include "core/error.hpp"

namespace superpose::train {
namespace {

/// "section.key" -> value of the effective configuration, which has one setting a line.
std::map<std::string, std::string> settings_of(const std::string& configuration) {
  std::map<std::string, std::string> settings;
  std::istringstream lines(configuration);
  std::string line, section;
  while (std::getline(lines, line)) {
    if (!line.empty() && line.front() == '[') section = line.substr(1, line.find(']') - 1);
    const auto equals = line.find(" = ");
    if (equals != std::string::npos)
      settings[section + "." + line.substr(0, equals)] = line.substr(equals + 3);
  }
  return settings;
}

using Settings = std::map<std::string, std::string>;

/// Settings that did not exist in every version, with what a run did before they did.
const Settings earlier_behaviour = {{"model.precision", "\"f32\""}};

std::string value_of(const Settings& settings, const std::string& key) {
  for (const Settings* place : {&settings, &earlier_behaviour})
    if (const auto found = place->find(key); found != place->end()) return found->second;
  return "not set";
}

/// Whether the setting leaves the steps of the run as they were.
bool may_change(const std::string& key, const Settings& settings) {
  const bool settled = settings.at("curriculum.stage_end") == "\"settled\"";
  const bool cosine = settings.at("optimizer.schedule") == "\"cosine\"";
  if (key == "train.epochs") return !cosine;  // the cosine ends with the run
  if (key == "train.eval_every" || key == "train.eval_problems") return !settled;
  const auto is_in = [&](const char* section) { return key.rfind(section, 0) == 0; };
  return is_in("output.") || is_in("data.") || is_in("record.");
}

}  // namespace

std::optional<SettingDifference> setting_difference(const io::RunMetadata& stored,
                                                    const io::RunMetadata& now) {
  const auto before = settings_of(stored.configuration);
  const auto after = settings_of(now.configuration);
  for (const auto& [key, value] : after) {
    const auto old_value = value_of(before, key);
    if (!may_change(key, after) && old_value != value)
      return SettingDifference{key, old_value, value};
  }
  return std::nullopt;
}

void require_same_run(const io::RunMetadata& stored, const io::RunMetadata& now) {
  if (const auto other = setting_difference(stored, now))
    fail(ExitCode::usage,
         "{} is {} but the run in this directory has {} (a resumed run must be the same run); "
         "set it back, choose another output.directory, or branch off with --resume CHECKPOINT "
         "and a new output.directory",
         other->key, other->now, other->stored);
  validate(stored.data_hashes == now.data_hashes, ExitCode::usage,
           "the problems differ from those of the run in this directory (the hash of data.train, "
           "or of a data.valid whose loss ends stages, has changed); restore the file or choose "
           "another output.directory");
}

}  // namespace superpose::train
