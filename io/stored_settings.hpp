#pragma once
#include <map>
#include <string>
#include <vector>

namespace superpose::io {

/// "section.key" -> value, as text, of a stored configuration: one setting a line, in sections.
using StoredSettings = std::map<std::string, std::string>;
StoredSettings settings_of(const std::string& configuration);

/// A setting in which two configurations differ; "not set" where one does not have it.
struct SettingChange {
  std::string key, a, b;
};
std::vector<SettingChange> changed_settings(const StoredSettings& a, const StoredSettings& b);

}  // namespace superpose::io
