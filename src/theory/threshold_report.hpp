#pragma once
/// What `superpose theory threshold` writes and prints (io/FORMAT.md, superpose_theory).

#include <string>

#include "io/history.hpp"
#include "theory/threshold_study.hpp"

namespace superpose::theory {

io::Table smallest_table(const std::vector<SmallResult>& results);
io::Table cliques_table(const std::vector<CliqueResult>& results);
io::Table densities_table(const std::vector<DensityResult>& results);

/// For people: the smallest graphs, cliques and random graphs on which a threshold fails.
std::string text(const ThresholdResults& results);

}  // namespace superpose::theory
