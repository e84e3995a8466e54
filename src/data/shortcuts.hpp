#pragma once
/// How far one gets without searching the graph: heuristics that pick the target by a property of
/// the two candidates (RECORDS.md, Shortcuts). They are the floor for every accuracy reported.

#include <string>
#include <vector>

#include "data/problem.hpp"

namespace superpose::data {

/// Accuracy of picking the candidate with the higher score; a tie counts 1/2.
struct Shortcut {
  std::string name;
  bool looks_at_root = false;
  double accuracy = 0;
  double accuracy_equal_depth = 0;  ///< on problems with equally deep candidates; NaN if none
};

/// One row per heuristic: local ones, back-chaining by hops, those of the whole graph. Problems are
/// expected to be derived.
std::vector<Shortcut> shortcuts(const std::vector<Problem>& problems);

/// The heuristics that do not look at the root, best first: what an accuracy must beat to show
/// search.
std::vector<Shortcut> blind_shortcuts(const std::vector<Problem>& problems);

/// Lines "name  sees root  accuracy  accuracy on equal depth".
std::string table(const std::vector<Shortcut>& rows);

}  // namespace superpose::data
