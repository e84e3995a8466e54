#pragma once
/// A TOML document as a flat list of settings, and values written as TOML.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace superpose::config {

/// A TOML value that no setting has: an array of mixed things, a date, an empty table.
struct OtherValue {
  std::string kind;
};

using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;
using Value = std::variant<bool, std::int64_t, double, std::string, Numbers, Texts, OtherValue>;

/// A value given to a key, and where it was given.
struct Setting {
  std::string key;  ///< dotted: "model.n_layer"
  Value value;
  std::string where;  ///< for messages: "line 7 of x.toml", "command line"
};

/// What follows the last dot of a dotted key, or all of it.
std::string last_part(const std::string& key);

/// The text of a configuration file. Error (usage) if it cannot be read.
std::string read_text(const std::string& path);

/// The settings of a TOML document in the order of its keys. `source` names it in messages.
/// Error (usage) with the line if it is not TOML.
std::vector<Setting> read_toml(const std::string& text, const std::string& source);

/// `text` as a TOML basic string, quotes included.
std::string quoted(const std::string& text);

/// `number` in the fewest digits that read back to the same bits, always as a TOML float.
std::string shortest(double number);

/// A value as a user would write it.
std::string to_string(const Value& value);

}  // namespace superpose::config
