#include "theory/construct_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "theory/columns.hpp"
#include "theory/extremes.hpp"
#include "theory/precision.hpp"

namespace superpose::theory {
namespace {

struct Totals {
  std::int64_t asked = 0, right = 0, early = 0, early_right = 0, beyond = 0, beyond_found = 0;
  std::int64_t nodes = 0, diameter = 0, inexact = 0;
  double error = 0, reachable = INFINITY, other = 0;
};

Totals totals_of(const ConstructResults& results) {
  const double exact = 16 * rounding_of(results.precision);
  Totals t;
  for (const auto& g : results.graphs) {
    for (int offset = -furthest_offset; offset <= furthest_offset; ++offset) {
      (offset < 0 ? t.early : t.asked) += g.asked[offset + furthest_offset];
      (offset < 0 ? t.early_right : t.right) += g.right[offset + furthest_offset];
    }
    t.beyond += g.beyond_nodes;
    t.beyond_found += g.beyond_found;
    t.nodes = std::max(t.nodes, g.n_nodes);
    t.diameter = std::max(t.diameter, g.diameter);
    t.inexact += !(g.smallest_reachable >= 1 && g.largest_other < 1 && g.thought_error < exact);
    t.error = larger(t.error, g.thought_error);
    t.reachable = smaller(t.reachable, g.smallest_reachable);
    t.other = larger(t.other, g.largest_other);
  }
  return t;
}

std::string constants_line(const Constants& c) {
  return fmt::format(
      "constants ({}, {}): d_pe {}  eta {:.4g}  xi {:.4g}  kappa {:.4g}  eps {:.4g} {:.4g}  for {} "
      "nodes, {} edges, {} positions\n",
      label(c.encoding), c.rule == ConstantsRule::paper ? "the paper's" : "ours", c.d_pe, c.eta,
      c.xi, c.kappa, c.eps_1, c.eps_2, c.sizes.n_max, c.sizes.e_max, c.sizes.t_max);
}

/// Why thoughts or answers fall short: the bounds that are exceeded, by name.
std::string what_ended_it(const ConstructResults& results, const Totals& t) {
  const auto& c = results.constants;
  std::string lines =
      fmt::format("\n  some thought is not the superposition over V_c on {} of {} graphs",
                  t.inexact, results.graphs.size());
  if (results.rounding() > c.lead())
    lines += fmt::format(
        "\n    beyond {}: it rounds the largest logit of a chooser, {:.3g}, by {:.2g}, and the "
        "right position leads by {:.3g}; choose a wider precision",
        to_string(results.precision), c.largest_logit(), results.rounding(), c.lead());
  const double most_edges = 4 * c.sizes.n_max / std::sqrt(3.0);
  if (t.reachable < 1 && c.rule == ConstantsRule::paper && c.sizes.e_max > most_edges)
    lines += fmt::format(
        "\n    below 1 / (4 n): a node of V_c has {:.3g} of that weight; Proposition B.4 holds for "
        "4 n / sqrt(3) = {:.4g} attended edges at most, and a graph has up to {} (see superpose "
        "theory threshold)",
        t.reachable, most_edges, c.sizes.e_max);
  return lines;
}

double share(std::int64_t part, std::int64_t all) {
  return all == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
}

}  // namespace

double ConstructResults::rounding() const {
  return rounding_of(precision) * constants.largest_logit();
}

io::Table constants_table(const ConstructResults& results) {
  struct Entry {
    io::Column column;
    double value;
  };
  const auto& c = results.constants;
  const std::vector<Entry> entries{
      {count("rule", "0 ours, 1 the paper's"), static_cast<double>(index_of(c.rule))},
      {count("n_max", "nodes of a graph, at most"), static_cast<double>(c.sizes.n_max)},
      {count("e_max", "edges, at most"), static_cast<double>(c.sizes.e_max)},
      {count("t_max", "positions of a sequence, at most"), static_cast<double>(c.sizes.t_max)},
      {count("d_pe", "width of the positions"), static_cast<double>(c.d_pe)},
      {real("delta", "gap of the position encoding"), c.delta},
      {real("eta", "scale of the keys of layer 1"), c.eta},
      {real("xi", "weight of the first position"), c.xi},
      {real("kappa", "scale of the queries of layer 2"), c.kappa},
      {real("eps_1", "threshold of layer 1"), c.eps_1},
      {real("eps_2", "threshold of layer 2"), c.eps_2},
      {real("leak", "attention of a chooser off its position, at most"), c.leak},
      {real("largest_logit", "largest logit of layer 1 in absolute value"), c.largest_logit()},
      {real("lead", "lead of the logit of the chosen position, at least"), c.lead()},
      {real("rounding", "rounding of the largest logit in this precision"), results.rounding()},
      {real("slack_1_above", "smallest input above eps_1, over eps_1"), results.slack_1.above},
      {real("slack_1_below", "largest input below eps_1, over eps_1"), results.slack_1.below},
      {real("slack_2_above", "smallest input above eps_2, over eps_2"), results.slack_2.above},
      {real("slack_2_below", "largest input below eps_2, over eps_2"), results.slack_2.below}};
  std::vector<io::Column> columns;
  io::Row row;
  for (const auto& [column, value] : entries) {
    columns.push_back(column);
    row[column.name] = one(value);
  }
  io::Table table("constants",
                  count("encoding", "0 sinusoidal, 1 rope (ours), 2 rope_position (RbS Lemma 6)"),
                  columns);
  table.append(static_cast<int>(c.encoding), row);
  return table;
}

io::Table graphs_table(const std::vector<GraphResult>& graphs) {
  io::Table table(
      "graphs", count("graph", "number of the problem"),
      {count("n_nodes", "nodes"), count("n_edges", "edges"), count("n_positions", "positions"),
       count("diameter", "of the graph"),
       count("eccentricity", "hops to the furthest node reached"),
       count("hops", "from root to target"), count("thoughts", "largest number of thoughts C"),
       real("thought_error", "largest distance of a thought from the exact superposition over V_c"),
       real("smallest_reachable", "smallest weight of a node of V_c before eps_2, over eps_2"),
       real("largest_other", "largest weight of any other node before eps_2, over eps_2"),
       count("beyond_nodes", "nodes at exactly c + 1 hops, over all thoughts c"),
       count("beyond_found", "those of them that thought c holds")});
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    const auto& g = graphs[i];
    table.append(static_cast<std::int64_t>(i), {{"n_nodes", one(g.n_nodes)},
                                                {"n_edges", one(g.n_edges)},
                                                {"n_positions", one(g.n_positions)},
                                                {"diameter", one(g.diameter)},
                                                {"eccentricity", one(g.eccentricity)},
                                                {"hops", one(g.hops)},
                                                {"thoughts", one(g.thoughts)},
                                                {"thought_error", one(g.thought_error)},
                                                {"smallest_reachable", one(g.smallest_reachable)},
                                                {"largest_other", one(g.largest_other)},
                                                {"beyond_nodes", one(g.beyond_nodes)},
                                                {"beyond_found", one(g.beyond_found)}});
  }
  return table;
}

io::Table answers_table(const std::vector<GraphResult>& graphs) {
  io::Table table("answers", count("offset", "C - H: thoughts beyond the hops to the target"),
                  {count("asked", "answers asked for; at the ends, of all offsets beyond too"),
                   count("right", "answers whose largest logit is the target's alone")});
  for (int offset = -furthest_offset; offset <= furthest_offset; ++offset) {
    double asked = 0, right = 0;
    for (const auto& g : graphs) {
      asked += static_cast<double>(g.asked[offset + furthest_offset]);
      right += static_cast<double>(g.right[offset + furthest_offset]);
    }
    table.append(offset, {{"asked", {asked}}, {"right", {right}}});
  }
  return table;
}

std::string text(const ConstructResults& results) {
  const auto t = totals_of(results);
  std::string lines = constants_line(results.constants);
  lines += fmt::format("graphs up to {} nodes, diameter {}\n", t.nodes, t.diameter);
  lines += fmt::format("  largest error of a thought              {:.3g}\n", t.error);
  lines += fmt::format("  weight before eps: in V_c, elsewhere    {:.4g}  {:.3g}  (times eps)\n",
                       t.reachable, t.other);
  lines += fmt::format(
      "  slack of the thresholds, above | below  {:.4g} | {:.3g}   {:.4g} | {:.3g}\n",
      results.slack_1.above, results.slack_1.below, results.slack_2.above, results.slack_2.below);
  lines += fmt::format("  answers right, C >= hops                {} of {} ({:.4g} %)\n", t.right,
                       t.asked, share(t.right, t.asked));
  lines +=
      fmt::format("  answers right, C < hops                 {} of {}\n", t.early_right, t.early);
  lines +=
      fmt::format("  nodes one hop beyond C that were found  {} of {}", t.beyond_found, t.beyond);
  return t.inexact == 0 && t.right == t.asked ? lines : lines + what_ended_it(results, t);
}

}  // namespace superpose::theory
