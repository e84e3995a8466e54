#include "theory/chains_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/moments.hpp"
#include "theory/columns.hpp"

namespace superpose::theory {
namespace {

/// Of some graphs, one sample a graph.
struct OverGraphs {
  Moments superposition, answered, limit;
  std::array<Moments, n_decodings> steps, named, within;

  void add(const ChainsResult& graph, int draws) {
    const auto most = static_cast<double>(graph.n_nodes * graph.n_nodes);
    const bool right = graph.superposition >= 0;
    superposition.add(right ? static_cast<double>(graph.superposition) : most);
    answered.add(right);
    limit.add(most);
    for (int i = 0; i < n_decodings; ++i) {
      const auto& chains = graph.chains[i];
      steps[i].add(chains.steps);
      named[i].add(static_cast<double>(chains.of(ChainEnd::named)) / draws);
      within[i].add(static_cast<double>(chains.within_diameter) / draws);
    }
  }
};

/// Largest power of two that is not above x; 1 for less.
std::int64_t bin_of(std::int64_t x) {
  std::int64_t low = 1;
  while (2 * low <= x) low *= 2;
  return low;
}

void add_columns(std::vector<io::Column>& columns, const std::string& name,
                 const std::string& description) {
  add_mean_columns(columns, name, "mean over graphs of " + description);
}

std::vector<io::Column> bin_columns() {
  std::vector<io::Column> columns{count("graphs", "graphs of the bin"),
                                  real("limit", "mean of n^2, the most steps of a chain")};
  add_columns(columns, "superposition",
              "thoughts until the superposition answers right, n^2 where it does not");
  add_columns(columns, "answered", "1 where it does with C = diameter");
  for (const auto* name : names_of(Decoding{})) {
    add_columns(columns, fmt::format("steps_{}", name),
                "steps until the target is named, n^2 where it is not");
    add_columns(columns, fmt::format("named_{}", name), "share of chains that name the target");
    add_columns(columns, fmt::format("within_{}", name),
                "share of chains that name it in as many steps as the diameter");
  }
  return columns;
}

io::Row bin_row(const OverGraphs& bin) {
  io::Row row{{"graphs", one(static_cast<double>(bin.limit.count()))},
              {"limit", one(bin.limit.mean())}};
  add_mean(row, "superposition", bin.superposition);
  add_mean(row, "answered", bin.answered);
  for (const auto decoding : all_values<Decoding>()) {
    const auto i = index_of(decoding);
    const std::string name = to_string(decoding);
    add_mean(row, "steps_" + name, bin.steps[i]);
    add_mean(row, "named_" + name, bin.named[i]);
    add_mean(row, "within_" + name, bin.within[i]);
  }
  return row;
}

io::Table binned(const std::string& name, std::int64_t ChainsResult::*size,
                 const std::vector<ChainsResult>& graphs, int draws) {
  std::map<std::int64_t, OverGraphs> bins;
  for (const auto& graph : graphs) bins[bin_of(graph.*size)].add(graph, draws);
  io::Table table(name,
                  count("from", "smallest size of the bin; the largest is twice that, less 1"),
                  bin_columns());
  for (const auto& [low, bin] : bins) table.append(low, bin_row(bin));
  return table;
}

/// Over all graphs and chains of one kind.
std::string line_of(const std::vector<ChainsResult>& graphs, Decoding decoding, int draws) {
  const auto i = index_of(decoding);
  std::array<std::int64_t, 4> ended{};
  OverGraphs over;
  for (const auto& graph : graphs) {
    over.add(graph, draws);
    for (std::size_t end = 0; end < ended.size(); ++end) ended[end] += graph.chains[i].ended[end];
  }
  return fmt::format("\n  {:<13} {:9.1f} +- {:<9.1f} {:5.1f} +- {:.1f} %   {:5.1f} %      {} {} {}",
                     to_string(decoding), over.steps[i].mean(), half_width(over.steps[i]),
                     100 * over.named[i].mean(), 100 * half_width(over.named[i]),
                     100 * over.within[i].mean(), ended[1], ended[2], ended[3]);
}

}  // namespace

io::Table chain_graphs_table(const std::vector<ChainsResult>& graphs) {
  std::vector<io::Column> columns{
      count("n_nodes", "nodes"), count("n_edges", "edges"), count("diameter", "of the graph"),
      count("hops", "from root to target"),
      count("superposition", "thoughts until the superposition answers right; -1: never")};
  for (const std::string name : names_of(Decoding{})) {
    columns.push_back(count("named_" + name, "chains that name the target within n^2 steps"));
    columns.push_back(count("wrong_" + name, "chains that name the other candidate"));
    columns.push_back(count("trapped_" + name, "chains that can no longer come to the target"));
    columns.push_back(count("within_" + name, "chains that name it within the diameter"));
    columns.push_back(real("steps_named_" + name, "mean steps of those that name it; NaN: none"));
    columns.push_back(real("steps_" + name, "mean steps of all, n^2 for those that do not"));
  }
  io::Table table("graphs", count("graph", "number of the problem"), columns);
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    const auto& g = graphs[i];
    io::Row row{{"n_nodes", one(g.n_nodes)},
                {"n_edges", one(g.n_edges)},
                {"diameter", one(g.diameter)},
                {"hops", one(g.hops)},
                {"superposition", one(g.superposition)}};
    for (const auto decoding : all_values<Decoding>()) {
      const auto& chains = g.chains[index_of(decoding)];
      const std::string name = to_string(decoding);
      row["named_" + name] = one(chains.of(ChainEnd::named));
      row["wrong_" + name] = one(chains.of(ChainEnd::wrong));
      row["trapped_" + name] = one(chains.of(ChainEnd::trapped));
      row["within_" + name] = one(chains.within_diameter);
      row["steps_named_" + name] = one(chains.steps_named);
      row["steps_" + name] = one(chains.steps);
    }
    table.append(static_cast<std::int64_t>(i), row);
  }
  return table;
}

io::Table chains_by_nodes_table(const std::vector<ChainsResult>& graphs, int draws) {
  return binned("by_nodes", &ChainsResult::n_nodes, graphs, draws);
}

io::Table chains_by_diameter_table(const std::vector<ChainsResult>& graphs, int draws) {
  return binned("by_diameter", &ChainsResult::diameter, graphs, draws);
}

std::string text(const std::vector<ChainsResult>& graphs, int draws) {
  std::int64_t nodes = 0, longest = 0;
  OverGraphs over;
  for (const auto& g : graphs) {
    nodes = std::max(nodes, g.n_nodes);
    longest = std::max(longest, g.diameter);
    over.add(g, draws);
  }
  std::string lines =
      fmt::format("graphs up to {} nodes, diameter {}; {} chains of each kind on each\n", nodes,
                  longest, draws);
  lines +=
      "  kind             mean steps             named          in diameter  wrong, trapped, "
      "out of steps";
  lines += fmt::format("\n  superposition {:9.1f} +- {:<9.1f} {:5.1f} +- {:.1f} %   {:5.1f} %",
                       over.superposition.mean(), half_width(over.superposition),
                       100 * over.answered.mean(), 100 * half_width(over.answered),
                       100 * over.answered.mean());
  for (const auto decoding : all_values<Decoding>()) lines += line_of(graphs, decoding, draws);
  return lines;
}

}  // namespace superpose::theory
