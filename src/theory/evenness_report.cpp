#include "theory/evenness_report.hpp"

#include <fmt/format.h>

#include "theory/columns.hpp"

namespace superpose::theory {
namespace {

std::string name_of(const char* measure, FlowGroup group, TraceWeights weights) {
  return fmt::format("{}_{}_{}", measure, to_string(weights), to_string(group));
}

/// Calls work(group, weights) for each pair.
template <class Work>
void for_each_pair(Work&& work) {
  for (const auto group : all_values<FlowGroup>())
    for (const auto weights : all_values<TraceWeights>()) work(group, weights);
}

}  // namespace

io::Table evenness_table(const std::vector<double>& times, const EvennessPath& path) {
  std::vector<io::Column> columns{{"t", "V / alpha", "flow time", DType::f64, {}}};
  for (const auto* group : names_of(FlowGroup{}))
    columns.push_back(
        count(fmt::format("steps_{}", group), "steps averaged: those with several nodes"));
  for_each_pair([&](FlowGroup group, TraceWeights weights) {
    add_mean_columns(columns, name_of("entropy_share", group, weights),
                     "mean entropy of the weights over N_(c+1), over the largest possible");
    add_mean_columns(columns, name_of("effective", group, weights),
                     "mean effective number of nodes, exp(entropy)");
  });
  io::Table table("evenness", count("record", "recorded time"), columns);
  for (std::size_t i = 0; i < times.size(); ++i) {
    io::Row row{{"t", one(times[i])}};
    for_each_pair([&](FlowGroup group, TraceWeights weights) {
      const auto& share = path[i].share[index_of(group)][index_of(weights)];
      row[fmt::format("steps_{}", to_string(group))] = one(static_cast<double>(share.count()));
      add_mean(row, name_of("entropy_share", group, weights), share);
      add_mean(row, name_of("effective", group, weights),
               path[i].effective[index_of(group)][index_of(weights)]);
    });
    table.append(static_cast<std::int64_t>(i), row);
  }
  return table;
}

std::string text(const std::vector<double>& times, const EvennessPath& path) {
  const auto& first = path.front();
  const auto& last = path[times.size() - 1];
  std::string lines = fmt::format(
      "weights over N_(c+1): entropy over the largest possible, effective nodes; t = 0 and {:.3g}",
      times.back());
  for_each_pair([&](FlowGroup group, TraceWeights weights) {
    const auto g = index_of(group), w = index_of(weights);
    lines +=
        fmt::format("\n  {:<9} {:<7} {:5.3f} -> {:5.3f}   {:5.2f} -> {:5.2f}", to_string(group),
                    to_string(weights), first.share[g][w].mean(), last.share[g][w].mean(),
                    first.effective[g][w].mean(), last.effective[g][w].mean());
  });
  return lines;
}

}  // namespace superpose::theory
