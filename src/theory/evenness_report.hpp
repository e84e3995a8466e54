#pragma once
/// Evenness of the weights over traces along the flow, as `superpose theory flow` writes and prints
/// it (io/FORMAT.md, superpose_theory).

#include <array>
#include <string>
#include <vector>

#include "io/history.hpp"
#include "theory/evenness.hpp"
#include "theory/flow_report.hpp"

namespace superpose::theory {

/// [record] averages over steps. Trivially copyable.
using EvennessPath = std::array<EvennessMoments, most_times>;

io::Table evenness_table(const std::vector<double>& times, const EvennessPath& path);
std::string text(const std::vector<double>& times, const EvennessPath& path);

}  // namespace superpose::theory
