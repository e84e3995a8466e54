#include "io/stored_settings.hpp"

#include <sstream>

namespace superpose::io {

StoredSettings settings_of(const std::string& configuration) {
  StoredSettings settings;
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

std::vector<SettingChange> changed_settings(const StoredSettings& a, const StoredSettings& b) {
  auto all = a;
  all.insert(b.begin(), b.end());
  const auto value = [](const StoredSettings& settings, const std::string& key) {
    const auto found = settings.find(key);
    return found == settings.end() ? std::string("not set") : found->second;
  };
  std::vector<SettingChange> changes;
  for (const auto& [key, ignored] : all)
    if (value(a, key) != value(b, key)) changes.push_back({key, value(a, key), value(b, key)});
  return changes;
}

}  // namespace superpose::io
