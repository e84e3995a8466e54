#include "analysis/intervention_grid.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/enum_names.hpp"

namespace superpose::analysis {
namespace {

std::string percent(std::int64_t part, std::int64_t of) {
  if (of == 0) return "-";
  return fmt::format("{:.2f} %", 100.0 * static_cast<double>(part) / static_cast<double>(of));
}

}  // namespace

std::vector<Intervention> InterventionGrid::interventions() const {
  std::vector<Intervention> list;
  for (int thought = 0; thought <= n_thoughts; ++thought)
    for (const double strength : strengths) list.push_back({kind, group, thought, strength});
  return list;
}

std::vector<InterventionGrid> intervention_grids(const std::vector<InterventionKind>& kinds,
                                                 std::vector<double> strengths, int n_thoughts) {
  std::sort(strengths.begin(), strengths.end());
  strengths.erase(std::unique(strengths.begin(), strengths.end()), strengths.end());
  std::vector<InterventionGrid> grids;
  const auto add = [&](const std::string& name, InterventionKind kind, Group group) {
    grids.push_back({name, kind, group, n_thoughts, strengths});
  };
  for (const auto kind : all_values<InterventionKind>()) {
    const std::string name = to_string(kind);
    if (std::count(kinds.begin(), kinds.end(), kind) == 0) continue;
    if (kind != InterventionKind::rescale) {
      add(name, kind, Group::frontier);
      continue;
    }
    for (const auto group : all_values<Group>())
      add(fmt::format("{}_{}", name, to_string(group)), kind, group);
  }
  return grids;
}

std::vector<std::vector<InterventionOutcome>> intervene(
    const std::vector<InterventionGrid>& grids, model::Network<float>& model,
    const std::vector<data::Problem>& problems, const ProbeSettings& settings,
    const distributed::Communicator& communicator) {
  std::vector<Intervention> all;
  for (const auto& grid : grids) {
    const auto interventions = grid.interventions();
    all.insert(all.end(), interventions.begin(), interventions.end());
  }
  const auto outcomes = intervene(model, problems, settings, all, communicator);
  std::vector<std::vector<InterventionOutcome>> by_grid;
  auto next = outcomes.begin();
  for (const auto& grid : grids) {
    const auto end = next + static_cast<long>(grid.interventions().size());
    by_grid.emplace_back(next, end);
    next = end;
  }
  return by_grid;
}

std::string table(const InterventionGrid& grid, const std::vector<InterventionOutcome>& outcomes) {
  std::string text = fmt::format("  {:<24}{:>10}{:>12}", grid.name, "problems", "before");
  for (const double strength : grid.strengths)
    text += fmt::format("{:>12}", fmt::format("s = {:g}", strength));
  auto outcome = outcomes.begin();
  for (int thought = 0; thought <= grid.n_thoughts; ++thought) {
    text += fmt::format("\n    {:<22}{:>10}{:>12}",
                        thought == 0 ? "every thought" : fmt::format("thought {}", thought),
                        outcome->problems, percent(outcome->right_before, outcome->problems));
    for (std::size_t s = 0; s < grid.strengths.size(); ++s, ++outcome)
      text += fmt::format("{:>12}", percent(outcome->right_after, outcome->problems));
  }
  return text;
}

}  // namespace superpose::analysis
