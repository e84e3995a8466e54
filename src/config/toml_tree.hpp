#pragma once
/// TOML nodes as settings: for the readers of this folder alone.

#include <toml++/toml.h>

#include <string>
#include <vector>

#include "config/toml_file.hpp"

namespace superpose::config {

/// Error (usage) with the line if `text` is not TOML. `source` names it in messages.
toml::table parse_toml(const std::string& text, const std::string& source);

Value value_of(const toml::node& node);

/// "line 7 of x.toml"
std::string where(const toml::node& node, const std::string& source);

/// Appends the settings of a table and of the tables in it, their keys led by `prefix`.
void flatten(const toml::table& table, const std::string& prefix, const std::string& source,
             std::vector<Setting>& settings);

}  // namespace superpose::config
