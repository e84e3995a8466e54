#include "config/option_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "config/nearest_name.hpp"
#include "core/error.hpp"

namespace superpose::config {
namespace {

bool contains(const Bounds& bounds, double value) {
  const bool above_min = bounds.min_allowed ? value >= bounds.min : value > bounds.min;
  const bool below_max = bounds.max_allowed ? value <= bounds.max : value < bounds.max;
  return above_min && below_max;
}

/// " >= 1", " in [0, 1)", or nothing.
std::string bounds_text(const Bounds& bounds) {
  if (std::isfinite(bounds.max)) {
    return fmt::format(" in {}{}, {}{}", bounds.min_allowed ? '[' : '(', bounds.min, bounds.max,
                       bounds.max_allowed ? ']' : ')');
  }
  if (std::isfinite(bounds.min)) {
    return fmt::format(" {} {}", bounds.min_allowed ? ">=" : ">", bounds.min);
  }
  return "";
}

/// The number that fills all of `text`.
template <class Number>
std::optional<Number> number_of(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return number;
}

/// The number, or else the text itself, which the row then refuses as a value of the wrong type.
template <class Number>
Value number_or_text(const std::string& text) {
  if (const auto number = number_of<Number>(text)) return *number;
  return text;
}

/// "1,0.3" or "[1, 0.3]" as a list, or else the text itself.
Value numbers_or_text(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  const bool bare = first == std::string::npos || text[first] != '[';
  try {
    const auto settings = read_toml("list = " + (bare ? "[" + text + "]" : text), "");
    if (settings.size() == 1 && std::holds_alternative<Numbers>(settings[0].value))
      return settings[0].value;
  } catch (const Error&) {
    return text;
  }
  return text;
}

/// ["a", "b"] as a list, or else the text itself.
Value texts_or_text(const std::string& text) {
  if (text.empty() || text.front() != '[') return text;
  try {
    const auto settings = read_toml("list = " + text, "");
    if (settings.size() == 1 && std::holds_alternative<Texts>(settings[0].value))
      return settings[0].value;
  } catch (const Error&) {
    return text;
  }
  return text;
}

/// The ends of "8:28".
std::optional<std::array<std::int64_t, 2>> ends_of(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto first = number_of<std::int64_t>(text.substr(0, colon));
  const auto last = number_of<std::int64_t>(text.substr(colon + 1));
  if (!first || !last) return std::nullopt;
  return {{*first, *last}};
}

/// One function object out of several, for std::visit.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

/// Section and last part of a dotted key; the section may be empty.
std::pair<std::string, std::string> split(const std::string& key) {
  const std::size_t dot = key.rfind('.');
  if (dot == std::string::npos) return {"", key};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

/// Only UTF-8 can be written to a TOML file and read back.
bool is_utf8(const std::string& text) {
  try {
    read_toml("text = " + quoted(text), "");
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

/// Gives the variable of a row the value of a setting, or says why that cannot be.
struct OptionTable::Assignment {
  const Row& row;
  const Setting& setting;

  [[noreturn]] void refuse(const std::string& reason) const {
    fail(ExitCode::usage, "{} = {} {} ({}); give {}", row.key, to_string(setting.value), reason,
         setting.where, domain(row));
  }

  template <class T>
  const T& value_as() const {
    if (const T* value = std::get_if<T>(&setting.value)) return *value;
    refuse("has the wrong type");
  }

  template <class Integer>
  void assign_integer(Integer* variable, std::int64_t value) const {
    if (!contains(row.bounds, static_cast<double>(value))) refuse("is out of range");
    *variable = static_cast<Integer>(value);
    if (static_cast<std::int64_t>(*variable) != value) refuse("is too large");
  }

  void operator()(bool* variable) const { *variable = value_as<bool>(); }
  void operator()(int* variable) const { assign_integer(variable, value_as<std::int64_t>()); }
  void operator()(std::uint64_t* variable) const {
    assign_integer(variable, value_as<std::int64_t>());
  }

  void operator()(IntRange* variable) const {
    const auto [first, last] = ends();
    IntRange range;
    assign_integer(&range.min, first);
    assign_integer(&range.max, last);
    if (first > last) refuse("is an empty range");
    *variable = range;
  }

  std::array<std::int64_t, 2> ends() const {
    if (const auto* integer = std::get_if<std::int64_t>(&setting.value))
      return {*integer, *integer};
    const auto ends = ends_of(value_as<std::string>());
    if (!ends) refuse("is neither an integer nor a range");
    return *ends;
  }

  void operator()(double* variable) const {
    const auto* integer = std::get_if<std::int64_t>(&setting.value);
    const double value = integer ? static_cast<double>(*integer) : value_as<double>();
    require_in_bounds(value);
    *variable = value;
  }

  void operator()(Numbers* variable) const {
    const auto& numbers = value_as<Numbers>();
    for (const double number : numbers) require_in_bounds(number);
    *variable = numbers;
  }

  void require_in_bounds(double value) const {
    if (!std::isfinite(value) || !contains(row.bounds, value)) refuse("is out of range");
  }

  void operator()(std::string* variable) const {
    const auto& text = value_as<std::string>();
    if (!is_utf8(text)) refuse("is not UTF-8");
    *variable = text;
  }

  void operator()(Texts* variable) const {
    const auto* one = std::get_if<std::string>(&setting.value);
    const Texts texts = one ? Texts{*one} : value_as<Texts>();
    for (const auto& text : texts)
      if (!is_utf8(text)) refuse("is not UTF-8");
    *variable = texts;
  }

  void operator()(const Enumerator& variable) const {
    variable.set(choice(value_as<std::string>()));
  }

  int choice(const std::string& name) const {
    const auto found = std::find(row.choices.begin(), row.choices.end(), name);
    if (found == row.choices.end()) refuse("is not one of the choices");
    return static_cast<int>(found - row.choices.begin());
  }
};

void OptionTable::add(std::string key, bool& variable, std::string help) {
  add_row({std::move(key), &variable, std::move(help), {}, {}, {}});
}
void OptionTable::add(std::string key, int& variable, std::string help, Bounds bounds) {
  add_row({std::move(key), &variable, std::move(help), bounds, {}, {}});
}
void OptionTable::add(std::string key, std::uint64_t& variable, std::string help, Bounds bounds) {
  add_row({std::move(key), &variable, std::move(help), bounds, {}, {}});
}
void OptionTable::add(std::string key, IntRange& variable, std::string help, Bounds bounds) {
  add_row({std::move(key), &variable, std::move(help), bounds, {}, {}});
}
void OptionTable::add(std::string key, double& variable, std::string help, Bounds bounds) {
  add_row({std::move(key), &variable, std::move(help), bounds, {}, {}});
}
void OptionTable::add(std::string key, std::string& variable, std::string help) {
  add_row({std::move(key), &variable, std::move(help), {}, {}, {}});
}
void OptionTable::add(std::string key, Texts& variable, std::string help) {
  add_row({std::move(key), &variable, std::move(help), {}, {}, {}});
}
void OptionTable::add(std::string key, Numbers& variable, std::string help, Bounds bounds) {
  add_row({std::move(key), &variable, std::move(help), bounds, {}, {}});
}

void OptionTable::add_row(Row row) {
  row.default_text = to_string(value_of(row));
  rows_.push_back(std::move(row));
}

void OptionTable::add_section(const std::string& section, const OptionTable& table) {
  for (Row row : table.rows_) {
    row.key = section + "." + row.key;
    rows_.push_back(std::move(row));
  }
}

void OptionTable::set(const Setting& setting) {
  const auto* other = std::get_if<OtherValue>(&setting.value);
  if (other != nullptr && other->kind == "table" && is_section(setting.key)) return;  // empty
  const Row& row = find(setting.key, setting.where);
  std::visit(Assignment{row, setting}, row.variable);
}

void OptionTable::set(const Override& override) {
  const std::string where = "command line";
  const Row& row = find(override.key, where);
  set(Setting{override.key, from_text(row, override.value), where});
}

std::vector<std::string> OptionTable::keys() const {
  std::vector<std::string> keys;
  for (const auto& row : rows_) keys.push_back(row.key);
  return keys;
}

std::string OptionTable::toml() const {
  std::string text, current;
  for (const auto& row : rows_) {
    const auto [section, name] = split(row.key);
    if (section != current) {
      text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section);
      current = section;
    }
    text += fmt::format("{} = {}\n", name, to_string(value_of(row)));
  }
  return text;
}

std::string OptionTable::help() const {
  constexpr int width = 34;
  std::string text, current;
  for (const auto& row : rows_) {
    const std::string section = split(row.key).first;
    if (section != current) text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section);
    current = section;
    text += fmt::format("  {:<{}}{}\n", "--" + row.key, width, row.help);
    text += fmt::format("  {:<{}}{}; default {}\n", "", width, domain(row), row.default_text);
  }
  return text;
}

const OptionTable::Row& OptionTable::find(const std::string& key, const std::string& where) const {
  for (const auto& row : rows_) {
    if (row.key == key) return row;
  }
  validate(!is_section(key), ExitCode::usage,
           "'{}' is a section, not a setting ({}); write [{}] and its settings below it", key,
           where, key);
  fail(ExitCode::usage, "unknown key '{}' ({}){}", key, where, did_you_mean(key, keys()));
}

bool OptionTable::is_section(const std::string& name) const {
  return std::any_of(rows_.begin(), rows_.end(),
                     [&](const Row& row) { return split(row.key).first == name; });
}

Value OptionTable::value_of(const Row& row) {
  const Overloaded read{
      [](const bool* variable) -> Value { return *variable; },
      [](const IntRange* variable) -> Value {
        if (variable->is_single()) return std::int64_t{variable->min};
        return superpose::to_string(*variable);
      },
      [](const double* variable) -> Value { return *variable; },
      [](const std::string* variable) -> Value { return *variable; },
      [](const Numbers* variable) -> Value { return *variable; },
      [](const Texts* variable) -> Value {
        if (variable->size() > 1) return *variable;
        return variable->empty() ? "" : variable->front();
      },
      [&](const Enumerator& variable) -> Value { return row.choices.at(variable.get()); },
      [](const auto* integer) -> Value { return static_cast<std::int64_t>(*integer); }};
  return std::visit(read, row.variable);
}

Value OptionTable::from_text(const Row& row, const std::string& text) {
  const Overloaded convert{
      [&](const bool*) -> Value {
        if (text == "true" || text == "false") return text == "true";
        return text;
      },
      [&](const double*) { return number_or_text<double>(text); },
      [&](const std::string*) -> Value { return text; },
      [&](const Numbers*) { return numbers_or_text(text); },
      [&](const Texts*) { return texts_or_text(text); },
      [&](const IntRange*) { return number_or_text<std::int64_t>(text); },
      [&](const Enumerator&) -> Value { return text; },
      [&](const auto* /*integer*/) { return number_or_text<std::int64_t>(text); }};
  return std::visit(convert, row.variable);
}

std::string OptionTable::domain(const Row& row) {
  if (!row.choices.empty()) return fmt::format("one of {}", fmt::join(row.choices, ", "));
  const Overloaded describe{
      [](const bool*) -> std::string { return "true or false"; },
      [&](const IntRange*) {
        const std::string bounds = bounds_text(row.bounds);
        return fmt::format("an integer{} or a range MIN:MAX of them", bounds);
      },
      [&](const double*) { return "a number" + bounds_text(row.bounds); },
      [](const std::string*) -> std::string { return "a text"; },
      [&](const Numbers*) { return "a list of numbers" + bounds_text(row.bounds); },
      [](const Texts*) -> std::string { return "a text or a list of texts"; },
      [](const Enumerator&) -> std::string { return "a name"; },
      [&](const auto* /*integer*/) { return "an integer" + bounds_text(row.bounds); }};
  return std::visit(describe, row.variable);
}

}  // namespace superpose::config
