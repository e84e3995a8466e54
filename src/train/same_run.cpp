#include "train/same_run.hpp"

#include <map>
#include <set>
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

bool may_change(const std::string& key) {
  static const std::set<std::string> keys = {"train.epochs", "train.eval_every",
                                             "train.eval_problems"};
  return keys.count(key) > 0 || key.rfind("output.", 0) == 0 || key.rfind("data.", 0) == 0;
}

}  // namespace

void require_same_run(const io::RunMetadata& stored, const io::RunMetadata& now) {
  const auto before = settings_of(stored.configuration);
  for (const auto& [key, value] : settings_of(now.configuration)) {
    const auto found = before.find(key);
    const std::string old_value = found == before.end() ? "not set" : found->second;
    validate(may_change(key) || old_value == value, ExitCode::usage,
             "{} is {} but the run in this directory has {} (a resumed run must be the same run); "
             "set it back, choose another output.directory, or branch off with --resume CHECKPOINT "
             "and a new output.directory",
             key, value, old_value);
  }
  validate(
      stored.data_hashes == now.data_hashes, ExitCode::usage,
      "the training data differs from that of the run in this directory (the hash of data.train "
      "has changed); restore the file or choose another output.directory");
}

}  // namespace superpose::train
