#pragma once
/// What `superpose theory construct` writes and prints (io/FORMAT.md, superpose_theory).

#include <vector>

#include "io/history.hpp"
#include "theory/precision_names.hpp"
#include "theory/verify_construction.hpp"

namespace superpose::theory {

/// Everything that was computed over a set of problems.
struct ConstructResults {
  Constants constants;
  Precision precision = Precision::f64;
  Slack slack_1, slack_2;           ///< over all of them
  std::vector<GraphResult> graphs;  ///< [problem]
  /// By how much the precision rounds the largest logit of layer 1.
  double rounding() const;
};

io::Table constants_table(const ConstructResults& results);
io::Table graphs_table(const std::vector<GraphResult>& graphs);
io::Table answers_table(const std::vector<GraphResult>& graphs);

/// Lines for the terminal: how far the claims hold.
std::string text(const ConstructResults& results);

}  // namespace superpose::theory
