#include "config/nearest_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "config/toml_file.hpp"

namespace superpose::config {
namespace {

/// Levenshtein distance: insertions, deletions and substitutions that turn `a` into `b`.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

bool has_section(const std::string& name) {
  return name.find('.') != std::string::npos;
}

/// Of a name without a section also to the key's last part.
std::size_t distance_to_key(const std::string& name, const std::string& key) {
  const std::size_t whole = edit_distance(name, key);
  return has_section(name) ? whole : std::min(whole, edit_distance(name, last_part(key)));
}

/// Whether a third of the letters at most are wrong, in all or after the section, which may be
/// another one: beyond that a suggestion misleads more than it helps.
bool is_near(const std::string& name, const std::string& key) {
  if (distance_to_key(name, key) <= std::max<std::size_t>(2, name.size() / 3)) return true;
  return has_section(name) &&
         3 * edit_distance(last_part(name), last_part(key)) <= last_part(name).size();
}

/// By which near names are put in order: a letter of the section counts half as much as one after
/// it, and another section no more than three of its letters.
std::size_t cost(const std::string& name, const std::string& key) {
  if (!has_section(name)) return 2 * distance_to_key(name, key);
  const std::size_t last = edit_distance(last_part(name), last_part(key));
  const std::size_t section = edit_distance(name.substr(0, name.rfind('.')),
                                            key.substr(0, std::min(key.rfind('.'), key.size())));
  return 2 * last + std::min<std::size_t>(section, 3);
}

}  // namespace

std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates) {
  std::size_t least = std::numeric_limits<std::size_t>::max();
  std::string nearest;
  for (const auto& candidate : candidates) {
    if (!is_near(name, candidate) || cost(name, candidate) >= least) continue;
    least = cost(name, candidate);
    nearest = candidate;
  }
  return nearest;
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates) {
  const std::string nearest = nearest_name(name, candidates);
  return nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest);
}

}  // namespace superpose::config
