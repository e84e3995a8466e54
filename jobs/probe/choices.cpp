#include "jobs/probe/choices.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/log.hpp"

namespace superpose::jobs::probe {
namespace {

int raw_problem_count(const std::string& asked, int n_problems) {
  if (asked == "all") return n_problems;
  const bool digits = !asked.empty() && asked.size() < 10 &&
                      asked.find_first_not_of("0123456789") == std::string::npos;
  validate(digits, ExitCode::usage, "--raw_problems is '{}' (it takes a number or \"all\")", asked);
  return std::min(n_problems, std::stoi(asked));
}

/// Ascending, each once; 0, 0.5, 1 unless others are asked for.
std::vector<double> checked_strengths(const ProbeArguments& arguments) {
  auto strengths = arguments.strengths;
  validate(strengths.empty() || !arguments.intervene.empty(), ExitCode::usage,
           "--strengths has no effect (no intervention was asked for); add --intervene");
  for (const double strength : strengths)
    validate(std::isfinite(strength), ExitCode::usage,
             "--strengths holds {} (a strength is a finite number); leave it out", strength);
  if (strengths.empty()) strengths = {0, 0.5, 1};
  std::sort(strengths.begin(), strengths.end());
  strengths.erase(std::unique(strengths.begin(), strengths.end()), strengths.end());
  return strengths;
}

}  // namespace

analysis::FrontierRule frontier_rule(const ProbeArguments& arguments) {
  return arguments.frontier == "walk" ? analysis::FrontierRule::walk
                                      : analysis::FrontierRule::distance;
}

analysis::RawOptions raw_options(const ProbeArguments& arguments, int n_problems, int n_layer) {
  analysis::RawOptions raw;
  raw.problems.resize(
      static_cast<std::size_t>(raw_problem_count(arguments.raw_problems, n_problems)));
  std::iota(raw.problems.begin(), raw.problems.end(), 0);
  raw.every_query = arguments.raw_queries == "all";
  raw.layers.resize(static_cast<std::size_t>(n_layer));
  std::iota(raw.layers.begin(), raw.layers.end(), 0);
  if (arguments.raw_layers.empty()) return raw;
  raw.layers.clear();
  for (const int layer : arguments.raw_layers) {
    validate(layer <= n_layer, ExitCode::usage,
             "--raw_layers names layer {} (the model has {}); layers are counted from 1", layer,
             n_layer);
    raw.layers.push_back(layer - 1);
  }
  std::sort(raw.layers.begin(), raw.layers.end());
  raw.layers.erase(std::unique(raw.layers.begin(), raw.layers.end()), raw.layers.end());
  return raw;
}

std::vector<analysis::InterventionGrid> grids_of(const ProbeArguments& arguments,
                                                 const data::MethodOptions& method,
                                                 int n_thoughts) {
  using analysis::InterventionKind;
  const auto strengths = checked_strengths(arguments);
  if (!arguments.intervene.empty()) analysis::require_fed_back(method);
  std::vector<analysis::InterventionGrid> grids;
  const auto add = [&](const std::string& name, InterventionKind kind, analysis::Group group) {
    grids.push_back({name, kind, group, n_thoughts, strengths});
  };
  for (const auto kind :
       {InterventionKind::rescale, InterventionKind::swap, InterventionKind::nearest_token}) {
    const std::string name = analysis::intervention_names[static_cast<int>(kind)];
    if (std::count(arguments.intervene.begin(), arguments.intervene.end(), name) == 0) continue;
    if (kind != InterventionKind::rescale) {
      add(name, kind, analysis::Group::frontier);
      continue;
    }
    for (const auto group : analysis::all_groups)
      add(fmt::format("{}_{}", name, analysis::group_names[static_cast<int>(group)]), kind, group);
  }
  return grids;
}

std::vector<std::vector<analysis::InterventionOutcome>> intervene(
    const std::vector<analysis::InterventionGrid>& grids, model::Network<float>& model,
    const std::vector<data::Problem>& problems, const analysis::ProbeSettings& settings,
    const distributed::Communicator& world) {
  std::vector<analysis::Intervention> all;
  for (const auto& grid : grids) {
    const auto interventions = grid.interventions();
    all.insert(all.end(), interventions.begin(), interventions.end());
  }
  const auto outcomes = analysis::intervene(model, problems, settings, all, world);
  std::vector<std::vector<analysis::InterventionOutcome>> by_grid;
  auto next = outcomes.begin();
  for (const auto& grid : grids) {
    const auto end = next + static_cast<long>(grid.interventions().size());
    by_grid.emplace_back(next, end);
    next = end;
  }
  return by_grid;
}

void print(const analysis::InterventionGrid& grid,
           const std::vector<analysis::InterventionOutcome>& outcomes) {
  const auto percent = [](std::int64_t part, std::int64_t of) {
    return of == 0 ? std::string("-")
                   : fmt::format("{:.2f} %",
                                 100.0 * static_cast<double>(part) / static_cast<double>(of));
  };
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
  log::info("{}", text);
}

}  // namespace superpose::jobs::probe
