#pragma once
/// The configuration table: one row a setting. The parser of files and of the command line, the
/// checks, the help and the echo all read these rows, so none of them can disagree.

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "config/toml_file.hpp"
#include "core/enum_names.hpp"
#include "core/int_range.hpp"

namespace superpose::config {

/// The numbers a setting may take.
struct Bounds {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool min_allowed = true;
  bool max_allowed = true;
};
inline Bounds at_least(double min) {
  return {min};
}
inline Bounds above(double min) {
  return {min, std::numeric_limits<double>::infinity(), false};
}
inline Bounds from_to(double min, double max) {
  return {min, max};
}
inline Bounds from_above_to(double min, double max) {
  return {min, max, false};
}
inline Bounds from_to_below(double min, double max) {
  return {min, max, true, false};
}

/// A setting as the command line gives it: `--key value`.
struct Override {
  std::string key;
  std::string value;
};

/// Rows that point at the variables they set; the variables must outlive the table. What a variable
/// holds when its row is added is its default.
class OptionTable {
 public:
  void add(std::string key, bool& variable, std::string help);
  void add(std::string key, int& variable, std::string help, Bounds bounds = {});
  void add(std::string key, std::uint64_t& variable, std::string help, Bounds bounds = at_least(0));
  /// An integer, or a text such as "8:28"; the bounds are those of both ends.
  void add(std::string key, IntRange& variable, std::string help, Bounds bounds = {});
  void add(std::string key, double& variable, std::string help, Bounds bounds = {});
  void add(std::string key, std::string& variable, std::string help);
  /// A list of numbers, each within the bounds: [1, 0.3], on the command line also 1,0.3.
  void add(std::string key, Numbers& variable, std::string help, Bounds bounds = {});
  /// A text or a list of them: "a.json", or ["a.json", "b.json"], also on the command line.
  void add(std::string key, Texts& variable, std::string help);
  /// One of the names of an enum (core/enum_names.hpp).
  template <class Enum, class = std::enable_if_t<std::is_enum_v<Enum>>>
  void add(std::string key, Enum& variable, std::string help);

  /// The rows of another table, their keys led by "section.".
  void add_section(const std::string& section, const OptionTable& table);

  /// Sets a variable. Error (usage) for an unknown key (with the nearest one), a wrong type, or a
  /// value out of bounds. An integer is taken where a number is needed.
  void set(const Setting& setting);
  void set(const Override& override);

  std::vector<std::string> keys() const;

  /// All settings as TOML, a section a paragraph. Reads back to exactly the same values.
  std::string toml() const;

  /// A line a setting: the option, what it means, what it may be, its default.
  std::string help() const;

 private:
  struct Enumerator {
    std::function<int()> get;
    std::function<void(int)> set;
  };
  using Variable = std::variant<bool*, int*, std::uint64_t*, IntRange*, double*, std::string*,
                                Numbers*, Texts*, Enumerator>;
  struct Row {
    std::string key;
    Variable variable;
    std::string help;
    Bounds bounds;
    std::vector<std::string> choices;
    std::string default_text;
  };
  struct Assignment;

  void add_row(Row row);
  const Row& find(const std::string& key, const std::string& where) const;
  bool is_section(const std::string& name) const;
  static Value value_of(const Row& row);
  static Value from_text(const Row& row, const std::string& text);
  static std::string domain(const Row& row);  ///< what it accepts, in words: "an integer >= 1"

  std::vector<Row> rows_;
};

template <class Enum, class>
void OptionTable::add(std::string key, Enum& variable, std::string help) {
  Enumerator enumerator{[&variable] { return static_cast<int>(variable); },
                        [&variable](int index) { variable = static_cast<Enum>(index); }};
  add_row({std::move(key), std::move(enumerator), std::move(help), {}, all_names<Enum>(), {}});
}

}  // namespace superpose::config
