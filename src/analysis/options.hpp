#pragma once
/// The two rules by which the frontier of a thought is counted.

#include <array>

namespace superpose::analysis {

/// Which nodes are the frontier of a thought. Every statistic of the frontier is measured by both.
enum class FrontierRule {
  distance,  ///< exactly k hops from the root, as the papers' text says (RbS Section 5.2)
  walk,      ///< the end of some walk of exactly k edges, as RbS's published notebook counts:
             ///< what its Table 1, Figure 6 and Table 5 have to be compared with
};
inline constexpr std::array<FrontierRule, 2> all_frontier_rules{FrontierRule::distance,
                                                                FrontierRule::walk};
inline constexpr const char* frontier_rule_names[] = {"distance", "walk"};

/// Attribute of every dataset about a frontier, in run.h5 and probe files: one of these names.
inline constexpr const char* frontier_rule_attribute = "frontier_rule";

}  // namespace superpose::analysis
