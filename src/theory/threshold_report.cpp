#include "theory/threshold_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "theory/columns.hpp"

namespace superpose::theory {
namespace {

constexpr auto paper = index_of(ConstantsRule::paper);
constexpr auto ours = index_of(ConstantsRule::ours);

/// Columns of ByRule, and their values.
void add_columns(std::vector<io::Column>& columns) {
  for (const auto rule : all_values<ConstantsRule>()) {
    const std::string name = to_string(rule);
    columns.push_back(count("incomplete_" + name, "problems with a thought that lacks a node"));
    columns.push_back(count(
        "wrong_" + name, "problems with a wrong answer, C >= hops; -1: no candidate is unreached"));
  }
  columns.push_back(real("weight", "smallest weight of a node of V_c before the threshold"));
}

void add_values(const ByRule& found, io::Row& row) {
  for (const auto rule : all_values<ConstantsRule>()) {
    const std::string name = to_string(rule);
    row["incomplete_" + name] = one(static_cast<double>(found.incomplete[index_of(rule)]));
    row["wrong_" + name] = one(static_cast<double>(found.wrong[index_of(rule)]));
  }
  row["weight"] = one(found.weight);
}

void add_values(const LightestNode& lightest, io::Row& row) {
  row["node"] = one(static_cast<double>(lightest.node));
  row["into"] = one(static_cast<double>(lightest.into));
  row["attended"] = one(static_cast<double>(lightest.attended));
}

void add_lightest_columns(std::vector<io::Column>& columns) {
  columns.push_back(count("node", "the lightest newly reached node; -1: none"));
  columns.push_back(count("into", "edges from V_c into it"));
  columns.push_back(count("attended", "edges that leave V_c, all of them attended"));
}

std::string edges_of(const data::Graph& graph) {
  std::string line;
  for (const auto& [s, t] : graph.edges) line += fmt::format(" {}>{}", s, t);
  return line;
}

std::string text(const SmallResult& result) {
  const auto& [search, lightest, found] = result;
  const auto& kind = search.kind;
  std::string line =
      fmt::format("  n = {}, {}, {}: {} of 2^{} graphs fail", kind.n_nodes,
                  kind.unreached != 0 ? "one not reached" : "any",
                  kind.loops != 0 ? "self-loops" : "no loops", search.failing, kind.places());
  if (search.failing == 0) return line + "\n";
  line += fmt::format(", with {} edges or more:{}\n", search.fewest_edges,
                      edges_of(graph_of(kind, search.example)));
  const auto outcome = [&incomplete = found.incomplete](std::size_t rule) {
    return incomplete[rule] != 0 ? "lost" : "kept";
  };
  return line + fmt::format(
                    "      node {} has {} of {} attended edges, {:.4g} of 1 / (4 n): {} by the "
                    "paper's constants, {} by ours\n",
                    lightest.node, lightest.into, lightest.attended,
                    lightest.weight() * 4 * static_cast<double>(kind.n_nodes), outcome(paper),
                    outcome(ours));
}

std::string text(const std::vector<CliqueResult>& cliques) {
  const auto fails = [](const CliqueResult& r) { return r.found.incomplete[paper] != 0; };
  const auto first = std::find_if(cliques.begin(), cliques.end(), fails);
  const auto lost_by_ours = std::count_if(
      cliques.begin(), cliques.end(), [](const auto& r) { return r.found.incomplete[ours] != 0; });
  if (first == cliques.end())
    return fmt::format("cliques of 2 to {} nodes with a tail: none fails\n", cliques.back().clique);
  return fmt::format(
      "cliques with a tail: from {} nodes on (n = {}, {} edges) {} of {} lose the tail by the "
      "paper's constants, by ours {} of all {} (up to {} nodes)\n",
      first->clique, first->n_nodes, first->n_edges, std::count_if(first, cliques.end(), fails),
      cliques.end() - first, lost_by_ours, cliques.size(), cliques.back().clique);
}

}  // namespace

io::Table smallest_table(const std::vector<SmallResult>& results) {
  std::vector<io::Column> columns{
      count("unreached", "1: one more node without edges"),
      count("loops", "1: with self-loops"),
      count("n_nodes", "n, that node included"),
      count("graphs", "labelled graphs, root 0: all"),
      count("failing", "of them have a node below 1 / (4 n)"),
      count("fewest_edges", "of a failing one; 0: there is none"),
      count("example", "the first with so few: a bit s n + t for each edge (s, t)")};
  add_lightest_columns(columns);
  add_columns(columns);
  io::Table table("smallest", count("kind", "number of the kind of graphs"), columns);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& [search, lightest, found] = results[i];
    double example = 0;
    if (search.failing > 0)
      for (const auto& [s, t] : graph_of(search.kind, search.example).edges)
        example += std::ldexp(1.0, static_cast<int>(s * search.kind.n_nodes + t));
    io::Row row{{"unreached", one(static_cast<double>(search.kind.unreached))},
                {"loops", one(static_cast<double>(search.kind.loops))},
                {"n_nodes", one(static_cast<double>(search.kind.n_nodes))},
                {"graphs", one(std::ldexp(1.0, search.kind.places()))},
                {"failing", one(static_cast<double>(search.failing))},
                {"fewest_edges", one(static_cast<double>(search.fewest_edges))},
                {"example", one(example)}};
    add_values(lightest, row);
    add_values(found, row);
    table.append(static_cast<std::int64_t>(i), row);
  }
  return table;
}

io::Table cliques_table(const std::vector<CliqueResult>& results) {
  std::vector<io::Column> columns{count("n_nodes", "n: the clique, its tail, one not reached"),
                                  count("n_edges", "E"),
                                  real("eps_2_ours", "our threshold, 1 / (2 sqrt(3) E)"),
                                  real("eps_2_paper", "the paper's threshold, 1 / (4 n)")};
  add_lightest_columns(columns);
  add_columns(columns);
  io::Table table("cliques", count("clique", "nodes of the clique"), columns);
  for (const auto& r : results) {
    io::Row row{{"n_nodes", one(static_cast<double>(r.n_nodes))},
                {"n_edges", one(static_cast<double>(r.n_edges))},
                {"eps_2_ours", one(r.eps_2[ours])},
                {"eps_2_paper", one(r.eps_2[paper])}};
    add_values(r.lightest, row);
    add_values(r.found, row);
    table.append(r.clique, row);
  }
  return table;
}

io::Table densities_table(const std::vector<DensityResult>& results) {
  std::vector<io::Column> columns{
      count("n_nodes", "n"), count("n_edges", "E"), count("graphs", "problems drawn"),
      count("predicted", "of them, by counting edges, with a node below 1 / (4 n)")};
  add_columns(columns);
  io::Table table("densities", count("cell", "number of the size and density"), columns);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& r = results[i];
    io::Row row{{"n_nodes", one(static_cast<double>(r.n_nodes))},
                {"n_edges", one(static_cast<double>(r.n_edges))},
                {"graphs", one(static_cast<double>(r.graphs))},
                {"predicted", one(static_cast<double>(r.predicted))}};
    add_values(r.found, row);
    table.append(static_cast<std::int64_t>(i), row);
  }
  return table;
}

std::string text(const ThresholdResults& results) {
  std::string lines = "every small graph, root 0: a node reached below 1 / (4 n)\n";
  for (const auto& result : results.smallest) lines += text(result);
  lines += text(results.cliques);
  lines += fmt::format(
      "random graphs: problems that fail\n{:>6}{:>12}{:>8}{:>11}{:>18}{:>8}{:>18}{:>8}", "n",
      "edges/node", "drawn", "predicted", "thoughts, paper", "ours", "answers, paper", "ours");
  for (const auto& r : results.densities)
    lines += fmt::format("\n{:>6}{:>12.2f}{:>8}{:>11}{:>18}{:>8}{:>18}{:>8}", r.n_nodes,
                         static_cast<double>(r.n_edges) / static_cast<double>(r.n_nodes), r.graphs,
                         r.predicted, r.found.incomplete[paper], r.found.incomplete[ours],
                         r.found.wrong[paper], r.found.wrong[ours]);
  return lines;
}

}  // namespace superpose::theory
