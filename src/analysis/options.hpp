#pragma once
/// What a probe can be asked for.

namespace superpose::analysis {

/// Which nodes are the frontier of a thought.
enum class FrontierRule {
  distance,  ///< exactly k hops from the root, as the papers' text says (RbS Section 5.2)
  walk,      ///< the end of some walk of exactly k edges, as RbS's published notebook counts
};
inline constexpr const char* frontier_rule_names[] = {"distance", "walk"};

}  // namespace superpose::analysis
