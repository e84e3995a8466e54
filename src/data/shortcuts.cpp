#include "data/shortcuts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

#include "core/or_dash.hpp"
#include "data/graph_facts.hpp"

namespace superpose::data {
namespace {

/// One candidate as a heuristic sees it.
struct Candidate {
  const GraphFacts& graph;
  int node;
  const std::vector<int>& to_node;  ///< distances to it, -1 for nodes not above it

  const NodeSet& parents() const { return graph.parents[node]; }
};

constexpr int all_hops = std::numeric_limits<int>::max();

/// Degrees of the candidate's parents, {0} for a candidate without one.
std::vector<double> parent_degrees(const Candidate& candidate, const std::vector<NodeSet>& lists) {
  std::vector<double> degrees;
  for (const int parent : candidate.parents())
    degrees.push_back(static_cast<double>(lists[parent].size()));
  if (degrees.empty()) degrees.push_back(0);
  return degrees;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double siblings(const Candidate& candidate) {
  std::set<int> others;
  for (const int parent : candidate.parents())
    others.insert(candidate.graph.children[parent].begin(), candidate.graph.children[parent].end());
  others.erase(candidate.node);
  return static_cast<double>(others.size());
}

/// Ancestors at most `hops` edges above.
double ancestors(const Candidate& candidate, int hops) {
  return static_cast<double>(
      std::count_if(candidate.to_node.begin(), candidate.to_node.end(),
                    [=](int distance) { return distance > 0 && distance <= hops; }));
}

/// Distance to the nearest source, as far as one sees it through `hops` edges backwards.
double source_distance(const Candidate& candidate, int hops) {
  const int distance = candidate.graph.from_nearest_source[candidate.node];
  if (distance >= 0 && distance <= hops) return distance;
  return hops == all_hops ? candidate.graph.problem.graph.n_nodes : hops + 1;
}

double sources_above(const Candidate& candidate) {
  const auto& sources = candidate.graph.sources;
  return static_cast<double>(std::count_if(
      sources.begin(), sources.end(), [&](int source) { return candidate.to_node[source] >= 0; }));
}

bool root_within(const Candidate& candidate, int hops) {
  const int distance = candidate.to_node[candidate.graph.problem.root];
  return distance >= 0 && distance <= hops;
}

double undirected_distance(const Candidate& candidate) {
  const int distance = candidate.graph.undirected_from_root[candidate.node];
  return distance >= 0 ? distance : candidate.graph.problem.graph.n_nodes;
}

/// The candidate with the higher score is taken for the target.
struct Heuristic {
  std::string name;
  bool looks_at_root;
  int hops;  ///< how far back it looks; all_hops where that is no part of it
  double (*score)(const Candidate&, int hops);
};

std::vector<Heuristic> local_heuristics() {
  using C = const Candidate&;
  return {
      {"in-degree larger (token count)", false, all_hops,
       [](C c, int) { return 1.0 * c.parents().size(); }},
      {"node id larger", false, all_hops, [](C c, int) { return 1.0 * c.node; }},
      {"mean parent in-degree larger", false, all_hops,
       [](C c, int) { return mean(parent_degrees(c, c.graph.parents)); }},
      {"mean parent out-degree smaller", false, all_hops,
       [](C c, int) { return -mean(parent_degrees(c, c.graph.children)); }},
      {"min parent out-degree smaller", false, all_hops,
       [](C c, int) {
         const auto degrees = parent_degrees(c, c.graph.children);
         return -*std::min_element(degrees.begin(), degrees.end());
       }},
      {"siblings (other children of parents) fewer", false, all_hops,
       [](C c, int) { return -siblings(c); }},
  };
}

void add_back_chaining(std::vector<Heuristic>& heuristics, int hops) {
  using C = const Candidate&;
  heuristics.push_back({fmt::format("ancestors within {} hops: more", hops), false, hops,
                        [](C c, int b) { return ancestors(c, b); }});
  heuristics.push_back({fmt::format("distance to nearest source, {} back hops: larger", hops),
                        false, hops, [](C c, int b) { return source_distance(c, b); }});
  heuristics.push_back({fmt::format("back-chain {} hops finds the root", hops), true, hops,
                        [](C c, int b) { return 1.0 * root_within(c, b); }});
  heuristics.push_back(
      {fmt::format("back-chain {} hops: root found, else farther from any source", hops), true,
       hops, [](C c, int b) {
         return root_within(c, b) ? std::numeric_limits<double>::infinity() : source_distance(c, b);
       }});
}

void add_whole_graph(std::vector<Heuristic>& heuristics) {
  using C = const Candidate&;
  heuristics.insert(
      heuristics.end(),
      {{"all ancestors: more", false, all_hops, [](C c, int b) { return ancestors(c, b); }},
       {"distance to nearest source (full): larger", false, all_hops,
        [](C c, int b) { return source_distance(c, b); }},
       {"number of sources above: more", false, all_hops,
        [](C c, int) { return sources_above(c); }},
       {"undirected distance to root smaller", true, all_hops,
        [](C c, int) { return -undirected_distance(c); }},
       {"undirectedly connected to root", true, all_hops,
        [](C c, int) { return 1.0 * (c.graph.undirected_from_root[c.node] >= 0); }}});
}

std::vector<Heuristic> all_heuristics() {
  auto heuristics = local_heuristics();
  for (int hops = 1; hops <= 4; ++hops) add_back_chaining(heuristics, hops);
  add_whole_graph(heuristics);
  return heuristics;
}

/// 1 if the heuristic prefers the target, 0 if neg_target, 1/2 for a tie.
double success(const Heuristic& heuristic, const GraphFacts& graph) {
  const Candidate target{graph, graph.problem.target, graph.to_target};
  const Candidate neg{graph, graph.problem.neg_target, graph.to_neg};
  const double of_target = heuristic.score(target, heuristic.hops);
  const double of_neg = heuristic.score(neg, heuristic.hops);
  if (of_target == of_neg) return 0.5;
  return of_target > of_neg ? 1 : 0;
}

}  // namespace

std::vector<Shortcut> shortcuts(const std::vector<Problem>& problems) {
  const auto heuristics = all_heuristics();
  std::vector<Shortcut> rows;
  rows.reserve(heuristics.size());
  for (const auto& heuristic : heuristics)
    rows.push_back({heuristic.name, heuristic.looks_at_root, 0, 0});
  int n_equal = 0;
  for (const auto& problem : problems) {
    const GraphFacts graph(problem);
    n_equal += problem.equal_depth();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double right = success(heuristics[i], graph);
      rows[i].accuracy += right / static_cast<double>(problems.size());
      if (problem.equal_depth()) rows[i].accuracy_equal_depth += right;
    }
  }
  for (auto& row : rows)
    row.accuracy_equal_depth =
        n_equal > 0 ? row.accuracy_equal_depth / n_equal : std::numeric_limits<double>::quiet_NaN();
  return rows;
}

std::vector<Shortcut> blind_shortcuts(const std::vector<Problem>& problems) {
  auto rows = shortcuts(problems);
  rows.erase(
      std::remove_if(rows.begin(), rows.end(), [](const Shortcut& s) { return s.looks_at_root; }),
      rows.end());
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.accuracy > b.accuracy; });
  return rows;
}

std::string table(const std::vector<Shortcut>& rows) {
  constexpr auto line = "{:<60} {:>9} {:>9} {:>12}\n";
  const auto share = [](double value) { return or_dash("{:.3f}", value); };
  std::string text = fmt::format(line, "", "sees root", "accuracy", "equal depth");
  for (const auto& row : rows)
    text += fmt::format(line, row.name, row.looks_at_root ? "yes" : "no", share(row.accuracy),
                        share(row.accuracy_equal_depth));
  return text;
}

}  // namespace superpose::data
