#include "theory/construct_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "theory/columns.hpp"
#include "theory/extremes.hpp"

namespace superpose::theory {
namespace {

struct Totals {
  std::int64_t asked = 0, right = 0, early = 0, early_right = 0, beyond = 0, beyond_found = 0;
  std::int64_t nodes = 0, diameter = 0;
  double error = 0, reachable = INFINITY, other = 0;
};

Totals totals_of(const std::vector<GraphResult>& graphs) {
  Totals t;
  for (const auto& g : graphs) {
    for (int offset = -furthest_offset; offset <= furthest_offset; ++offset) {
      (offset < 0 ? t.early : t.asked) += g.asked[offset + furthest_offset];
      (offset < 0 ? t.early_right : t.right) += g.right[offset + furthest_offset];
    }
    t.beyond += g.beyond_nodes;
    t.beyond_found += g.beyond_found;
    t.nodes = std::max(t.nodes, g.n_nodes);
    t.diameter = std::max(t.diameter, g.diameter);
    t.error = larger(t.error, g.thought_error);
    t.reachable = smaller(t.reachable, g.smallest_reachable);
    t.other = larger(t.other, g.largest_other);
  }
  return t;
}

double share(std::int64_t part, std::int64_t all) {
  return all == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
}

}  // namespace

io::Table constants_table(const ConstructResults& results) {
  const auto& c = results.constants;
  io::Table table(
      "constants", count("encoding", "0 sinusoidal, 1 rope"),
      {count("n_max", "nodes of a graph, at most"), count("e_max", "edges, at most"),
       count("t_max", "positions of a sequence, at most"), count("d_pe", "width of the positions"),
       real("delta", "gap of the position encoding"), real("eta", "scale of the keys of layer 1"),
       real("xi", "weight of the first position"), real("kappa", "scale of the queries of layer 2"),
       real("eps_1", "threshold of layer 1"), real("eps_2", "threshold of layer 2"),
       real("leak", "attention of a chooser off its position, at most"),
       real("largest_logit", "largest logit of layer 1 in absolute value"),
       real("slack_1_above", "smallest input above eps_1, over eps_1"),
       real("slack_1_below", "largest input below eps_1, over eps_1"),
       real("slack_2_above", "smallest input above eps_2, over eps_2"),
       real("slack_2_below", "largest input below eps_2, over eps_2")});
  table.append(static_cast<int>(c.encoding), {{"n_max", one(c.sizes.n_max)},
                                              {"e_max", one(c.sizes.e_max)},
                                              {"t_max", one(c.sizes.t_max)},
                                              {"d_pe", one(c.d_pe)},
                                              {"delta", one(c.delta)},
                                              {"eta", one(c.eta)},
                                              {"xi", one(c.xi)},
                                              {"kappa", one(c.kappa)},
                                              {"eps_1", one(c.eps_1)},
                                              {"eps_2", one(c.eps_2)},
                                              {"leak", one(c.leak)},
                                              {"largest_logit", one(c.largest_logit())},
                                              {"slack_1_above", one(results.slack_1.above)},
                                              {"slack_1_below", one(results.slack_1.below)},
                                              {"slack_2_above", one(results.slack_2.above)},
                                              {"slack_2_below", one(results.slack_2.below)}});
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
  const auto& c = results.constants;
  const auto t = totals_of(results.graphs);
  std::string lines = fmt::format(
      "constants ({}): d_pe {}  eta {:.4g}  xi {:.4g}  kappa {:.4g}  eps {:.4g} {:.4g}  for {} "
      "nodes, {} edges, {} positions\n",
      to_string(c.encoding), c.d_pe, c.eta, c.xi, c.kappa, c.eps_1, c.eps_2, c.sizes.n_max,
      c.sizes.e_max, c.sizes.t_max);
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
  return lines;
}

}  // namespace superpose::theory
