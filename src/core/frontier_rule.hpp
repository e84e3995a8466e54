#pragma once
/// The two rules by which the frontier of a thought is counted.

#include <array>

#include "core/enum_names.hpp"

namespace superpose {

/// Which nodes are the frontier of a thought. A probe measures every statistic of the frontier by
/// both; labels and evaluations count by distance.
enum class FrontierRule {
  distance,  ///< exactly k hops from the root, as the papers' text says (RbS Section 5.2)
  walk,      ///< the end of some walk of exactly k edges, as RbS's published notebook counts:
             ///< what its Table 1, Figure 6 and Table 5 have to be compared with
};
constexpr std::array<const char*, 2> names_of(FrontierRule) {
  return {"distance", "walk"};
}

/// Attribute of every dataset about a frontier, in run.h5 and probe files, and key in the results
/// of an evaluation: the name of the rule.
inline constexpr const char* frontier_rule_attribute = "frontier_rule";

}  // namespace superpose
