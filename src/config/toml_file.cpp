#include "config/toml_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "config/toml_tree.hpp"
#include "core/error.hpp"
#include "core/files.hpp"

namespace superpose::config {
namespace {

std::string kind_name(const toml::node& node) {
  std::ostringstream kind;
  kind << node.type();
  return kind.str();
}

/// The numbers of an array, integers among them; nothing if it holds anything else.
std::optional<Numbers> numbers_of(const toml::array& array) {
  Numbers numbers;
  for (const auto& node : array) {
    if (!node.is_number()) return std::nullopt;
    numbers.push_back(*node.value<double>());
  }
  return numbers;
}

/// The texts of an array; nothing if it is empty or holds anything else.
std::optional<Texts> texts_of(const toml::array& array) {
  Texts texts;
  for (const auto& node : array) {
    if (!node.is_string()) return std::nullopt;
    texts.push_back(*node.value<std::string>());
  }
  if (texts.empty()) return std::nullopt;
  return texts;
}

/// Settings are two deep; what is deeper than this is not even listed as unknown.
constexpr int max_depth = 8;

/// The parser makes and destroys a table for each part of a dotted key one within the other, and
/// runs out of stack over some 10,000.
constexpr std::ptrdiff_t max_dots = 4096;

void flatten_below(const toml::table& table, const std::string& prefix, const std::string& source,
                   int depth, std::vector<Setting>& settings) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    const toml::table* section = node.as_table();
    if (section != nullptr && !section->empty()) {
      validate(depth < max_depth, ExitCode::usage,
               "'{}' is nested too deep (line {} of {}); settings are written section.name", key,
               node.source().begin.line, source);
      flatten_below(*section, key + ".", source, depth + 1, settings);
    } else {
      settings.push_back({key, value_of(node), where(node, source)});
    }
  }
}

}  // namespace

toml::table parse_toml(const std::string& text, const std::string& source) {
  validate(std::count(text.begin(), text.end(), '.') <= max_dots, ExitCode::usage,
           "{} is no configuration (it has more than {} dots); give a file of settings", source,
           max_dots);
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    fail(ExitCode::usage, "{} is not TOML (line {}, column {}: {}); correct that line", source,
         error.source().begin.line, error.source().begin.column, error.description());
  }
}

Value value_of(const toml::node& node) {
  if (const auto* boolean = node.as_boolean()) return boolean->get();
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* array = node.as_array()) {
    if (const auto texts = texts_of(*array)) return *texts;
    if (const auto numbers = numbers_of(*array)) return *numbers;
  }
  return OtherValue{kind_name(node)};
}

std::string where(const toml::node& node, const std::string& source) {
  return fmt::format("line {} of {}", node.source().begin.line, source);
}

void flatten(const toml::table& table, const std::string& prefix, const std::string& source,
             std::vector<Setting>& settings) {
  flatten_below(table, prefix, source, 0, settings);
}

std::string read_text(const std::string& path) {
  require_regular_file(path, ExitCode::usage);
  std::ifstream file(path);
  std::ostringstream text;
  // Inserting no characters at all would look like a failure.
  if (file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  validate(file.is_open() && !file.bad(), ExitCode::usage,
           "cannot read configuration '{}' ({}); give the path of a TOML file", path,
           std::strerror(errno));
  return text.str();
}

std::vector<Setting> read_toml(const std::string& text, const std::string& source) {
  std::vector<Setting> settings;
  flatten(parse_toml(text, source), "", source, settings);
  return settings;
}

std::string last_part(const std::string& key) {
  return key.substr(key.rfind('.') + 1);  // npos + 1 is 0
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      result += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string shortest(double number) {
  std::string digits = fmt::format("{}", number);
  return digits.find_first_of(".en") == std::string::npos ? digits + ".0" : digits;
}

std::string to_string(const Value& value) {
  struct Show {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t integer) const { return std::to_string(integer); }
    std::string operator()(double number) const { return shortest(number); }
    std::string operator()(const std::string& text) const { return quoted(text); }
    std::string operator()(const Numbers& numbers) const {
      std::string list;
      for (const double number : numbers) list += (list.empty() ? "" : ", ") + shortest(number);
      return "[" + list + "]";
    }
    std::string operator()(const Texts& texts) const {
      std::string list;
      for (const auto& text : texts) list += (list.empty() ? "" : ", ") + quoted(text);
      return "[" + list + "]";
    }
    std::string operator()(const OtherValue& other) const {
      return fmt::format("({})", other.kind);
    }
  };
  return std::visit(Show{}, value);
}

}  // namespace superpose::config
