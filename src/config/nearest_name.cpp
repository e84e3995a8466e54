#include "config/nearest_name.hpp"

#include <fmt/format.h>

#include <algorithm>
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

/// Of a name without a section to the key's last part; a wrong section counts as one letter, if the
/// rest is near.
std::size_t distance_to_key(const std::string& name, const std::string& key) {
  const std::size_t whole = edit_distance(name, key);
  const std::size_t last = edit_distance(last_part(name), last_part(key));
  if (name.find('.') == std::string::npos) return std::min(whole, last);
  return 3 * last <= last_part(name).size() ? std::min(whole, last + 1) : whole;
}

}  // namespace

std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates) {
  // A third of the letters may be wrong; beyond that a suggestion misleads more than it helps.
  std::size_t least = std::max<std::size_t>(2, name.size() / 3) + 1;
  std::string nearest;
  for (const auto& candidate : candidates) {
    const std::size_t distance = distance_to_key(name, candidate);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates) {
  const std::string nearest = nearest_name(name, candidates);
  return nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest);
}

}  // namespace superpose::config
