#include "train/same_run.hpp"

#include <algorithm>
#include <string>

#include "core/error.hpp"
#include "data/curriculum.hpp"
#include "io/stored_settings.hpp"
#include "train/options.hpp"

namespace superpose::train {
namespace {

using Settings = io::StoredSettings;

/// Settings that did not exist in every version, with what a run did before they did.
Settings earlier_behaviour() {
  Settings settings = {{"model.precision", "\"f32\""}};
  for (const auto& added : added_settings) settings[added.key] = added.neutral;
  return settings;
}

std::string value_of(const Settings& settings, const std::string& key) {
  static const Settings earlier = earlier_behaviour();
  for (const Settings* place : {&settings, &earlier})
    if (const auto found = place->find(key); found != place->end()) return found->second;
  return "not set";
}

/// Whether the setting leaves the steps of the run as they were.
bool may_change(const std::string& key, const Settings& settings) {
  const bool settled = settings.at("curriculum.stage_end") == "\"settled\"";
  const bool constant = settings.at("optimizer.schedule") == "\"constant\"";
  if (key == "train.epochs") return constant;  // other schedules end with the run
  if (key == "data.shares" || key == "data.later_shares" || key == "data.later_shares_from")
    return false;  // which problems an epoch visits
  if (key == "train.eval_every" || key == "train.eval_problems") return !settled;
  const auto is_in = [&](const char* section) { return key.rfind(section, 0) == 0; };
  return is_in("output.") || is_in("data.") || is_in("record.");
}

/// Error (usage) if data.train or data.valid is another file, or none any more. Older programs did
/// not hash data.valid: then nothing can be told.
void require_same_problems(const io::RunMetadata& stored, const io::RunMetadata& now,
                           const std::string& role) {
  const auto before = stored.data_hashes.find(role);
  if (before == stored.data_hashes.end()) return;
  const auto after = now.data_hashes.find(role);
  validate(after != now.data_hashes.end() && after->second == before->second, ExitCode::usage,
           "data.{} holds other problems than the run in this directory had (hash {}, not {}); "
           "restore the file, or choose another output.directory",
           role, after == now.data_hashes.end() ? "none" : after->second, before->second);
}

/// The method of an effective configuration.
data::Method method_of(const Settings& settings) {
  const auto quoted = settings.at("method.name");
  const auto method = enum_of<data::Method>(quoted.substr(1, quoted.size() - 2));
  SUPERPOSE_EXPECT(method.has_value());
  return *method;
}

/// Error (usage) if the stored run made other sequences of its problems.
void require_same_sequences(const io::RunMetadata& stored, const io::RunMetadata& now) {
  if (sequence_version_of(stored) == sequence_version_of(now)) return;
  const auto method = method_of(io::settings_of(now.configuration));
  fail(
      ExitCode::usage,
      "the run in this directory cannot be continued: its sequence_version is {}, method {} is now "
      "at version {} ({}); train again in another output.directory. Its checkpoints can still be "
      "evaluated",
      sequence_version_of(stored), to_string(method), sequence_version_of(now),
      data::sequence_change(method));
}

}  // namespace

std::int64_t sequence_version_of(const io::RunMetadata& metadata) {
  return std::max<std::int64_t>(1, metadata.sequence_version);
}

std::optional<SettingDifference> setting_difference(const io::RunMetadata& stored,
                                                    const io::RunMetadata& now) {
  const auto before = io::settings_of(stored.configuration);
  const auto after = io::settings_of(now.configuration);
  auto compared = earlier_behaviour();  // either file may be the older one
  compared.insert(after.begin(), after.end());
  for (const auto& [key, ignored] : compared) {
    const auto old_value = value_of(before, key), new_value = value_of(after, key);
    if (!may_change(key, after) && old_value != new_value)
      return SettingDifference{key, old_value, new_value};
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
  require_same_sequences(stored, now);
  require_same_problems(stored, now, "train");
  require_same_problems(stored, now, "valid");
}

void require_same_computation(const io::RunMetadata& stored, const io::RunMetadata& now) {
  const auto before = io::settings_of(stored.configuration);
  const auto after = io::settings_of(now.configuration);
  for (const char* key : {"model.n_head", "model.layer_norm_epsilon"})
    validate(value_of(before, key) == value_of(after, key), ExitCode::usage,
             "{} is {} but the checkpoint has {} (its weights mean something else then); set it to "
             "that",
             key, value_of(after, key), value_of(before, key));
}

bool same_optimizer(const io::RunMetadata& stored, const io::RunMetadata& now) {
  const auto name = [](const io::RunMetadata& metadata) {
    return value_of(io::settings_of(metadata.configuration), "optimizer.name");
  };
  return name(stored) == name(now);
}

}  // namespace superpose::train
