#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace superpose::config {

/// What is wrong with a configuration, gathered so that all of it is said at once.
class Mistakes {
 public:
  /// Notes a mistake unless `condition` holds; not if it speaks of a key that has no valid value.
  template <class... Args>
  void require(bool condition, fmt::format_string<Args...> format, Args&&... args) {
    if (condition) return;
    const auto mistake = fmt::format(format, std::forward<Args>(args)...);
    const auto speaks_of = [&](const auto& key) { return is_in(mistake, key); };
    if (std::none_of(without_value_.begin(), without_value_.end(), speaks_of))
      found_.push_back(mistake);
  }

  /// Runs `set`, which gives `key` a value, and notes the Error that it throws.
  template <class Set>
  void attempt(const std::string& key, Set&& set) {
    try {
      std::forward<Set>(set)();
    } catch (const Error& error) {
      found_.emplace_back(error.what());
      without_value_.push_back(key);
    }
  }

  /// Error (usage) that names all of them, a line each.
  void require_none() const {
    validate(found_.empty(), ExitCode::usage, "{}{}",
             found_.size() < 2 ? "" : fmt::format("{} mistakes:\n  ", found_.size()),
             fmt::join(found_, "\n  "));
  }

 private:
  /// Whether the whole key stands in the text, not as a part of another.
  static bool is_in(const std::string& text, const std::string& key) {
    const auto in_key = [&](std::size_t i) {
      return i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 ||
                                 text[i] == '_' || text[i] == '.');
    };
    for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + 1))
      if ((at == 0 || !in_key(at - 1)) && !in_key(at + key.size())) return true;
    return false;
  }

  std::vector<std::string> found_, without_value_;
};

}  // namespace superpose::config
