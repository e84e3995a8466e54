#include "data/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/moments.hpp"
#include "data/graph_facts.hpp"

namespace superpose::data {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// Walks from root to target over an acyclic graph; undefined when there is a cycle.
struct Paths {
  double count = undefined, longest = undefined;
  bool acyclic = false;
};

/// Nodes in an order in which parents come first; shorter than the graph if there is a cycle.
NodeSet topological_order(const GraphFacts& graph) {
  NodeSet order = graph.sources;
  std::vector<std::size_t> waiting_for;
  for (const auto& parents : graph.parents) waiting_for.push_back(parents.size());
  for (std::size_t head = 0; head < order.size(); ++head) {
    const int node = order[head];
    for (const int child : graph.children[node])
      if (--waiting_for[child] == 0) order.push_back(child);
  }
  return order;
}

Paths paths_to_target(const GraphFacts& graph) {
  const auto order = topological_order(graph);
  if (order.size() != graph.children.size()) return {};
  std::vector<double> count(order.size(), 0), longest(order.size(), -1);
  count[graph.problem.root] = 1;
  longest[graph.problem.root] = 0;
  for (const int u : order)
    for (const int v : graph.children[u]) {
      count[v] += count[u];
      if (longest[u] >= 0) longest[v] = std::max(longest[v], longest[u] + 1);
    }
  return {count[graph.problem.target], longest[graph.problem.target], true};
}

double shortest_paths(const GraphFacts& graph) {
  const auto& problem = graph.problem;
  std::vector<double> count(graph.children.size(), 0);
  count[problem.root] = 1;
  for (int k = 1; k <= problem.hops; ++k)
    for (const int v : problem.optimal[k])
      for (const int parent : graph.parents[v])
        if (problem.distance[parent] == k - 1) count[v] += count[parent];
  return count[problem.target];
}

double weak_components(const GraphFacts& graph) {
  std::vector<bool> seen(graph.neighbours.size());
  int components = 0;
  for (std::size_t v = 0; v < seen.size(); ++v) {
    if (seen[v]) continue;
    ++components;
    const auto distance = distances_from(graph.neighbours, static_cast<int>(v));
    for (std::size_t u = 0; u < seen.size(); ++u) seen[u] = seen[u] || distance[u] >= 0;
  }
  return components;
}

/// What the rows are computed from.
struct Row {
  explicit Row(const Problem& p) : graph(p), problem(p), paths(paths_to_target(graph)) {}

  GraphFacts graph;
  const Problem& problem;
  Paths paths;

  double n_nodes() const { return problem.graph.n_nodes; }
  double n_edges() const { return static_cast<double>(problem.graph.edges.size()); }
  double out_degree(int v) const { return static_cast<double>(graph.children[v].size()); }
  double in_degree(int v) const { return static_cast<double>(graph.parents[v].size()); }
  bool by_root(int v) const { return problem.distance[v] >= 0; }
  bool by_other(int v) const { return graph.from_other_root[v] >= 0; }
  bool leaf(int v) const { return graph.children[v].empty(); }
  double eccentricity() const { return static_cast<double>(problem.frontier.size()) - 1; }

  template <class Condition>
  double count(Condition condition) const {
    int n = 0;
    for (int v = 0; v < problem.graph.n_nodes; ++v) n += condition(v);
    return n;
  }
  NodeSet frontier(std::size_t k) const {
    return k < problem.frontier.size() ? problem.frontier[k] : NodeSet{};
  }
  double n_frontier(int k) const { return static_cast<double>(frontier(k).size()); }
  double n_within(int k) const { return static_cast<double>(problem.reachable_within(k).size()); }
  double n_optimal(int k) const {
    return k <= problem.hops ? static_cast<double>(problem.optimal[k].size()) : undefined;
  }
  double edges_leaving(int k) const {
    double sum = 0;
    for (const int v : frontier(k)) sum += out_degree(v);
    return sum;
  }
  double edges_entering(int k) const {
    double sum = 0;
    for (const int v : frontier(k)) sum += in_degree(v);
    return sum;
  }
  double mean_out_degree(int k) const { return edges_leaving(k) / n_frontier(k); }  // 0/0 if empty
  double mean_in_degree(int k) const { return edges_entering(k) / n_frontier(k); }
  double ancestors(const std::vector<int>& to) const {
    return count([&](int v) { return to[v] > 0; });
  }
  double sources_above(const std::vector<int>& to) const {
    return static_cast<double>(std::count_if(graph.sources.begin(), graph.sources.end(),
                                             [&](int v) { return to[v] >= 0; }));
  }
  double if_other_root(double value) const { return problem.other_root >= 0 ? value : undefined; }
};

struct Quantity {
  const char* name;
  double (*of)(const Row&);
};

/// Names and order are those of the reference table.
constexpr Quantity quantities[] = {
    {"nodes", [](const Row& r) { return r.n_nodes(); }},
    {"edges", [](const Row& r) { return r.n_edges(); }},
    {"hops", [](const Row& r) { return 1.0 * r.problem.hops; }},
    {"edges/nodes", [](const Row& r) { return r.n_edges() / r.n_nodes(); }},
    {"is_dag", [](const Row& r) { return 1.0 * r.paths.acyclic; }},
    {"weak components", [](const Row& r) { return weak_components(r.graph); }},
    {"root,neg in same weak comp",
     [](const Row& r) { return 1.0 * (r.graph.undirected_from_root[r.problem.neg_target] >= 0); }},
    {"sources (in-deg 0)", [](const Row& r) { return 1.0 * r.graph.sources.size(); }},
    {"leaves (out-deg 0)", [](const Row& r) { return r.count([&](int v) { return r.leaf(v); }); }},
    {"root out-deg", [](const Row& r) { return r.out_degree(r.problem.root); }},
    {"other-root out-deg",
     [](const Row& r) {
       return r.problem.other_root >= 0 ? r.out_degree(r.problem.other_root) : undefined;
     }},
    {"target in-deg", [](const Row& r) { return r.in_degree(r.problem.target); }},
    {"neg in-deg", [](const Row& r) { return r.in_degree(r.problem.neg_target); }},
    {"target out-deg", [](const Row& r) { return r.out_degree(r.problem.target); }},
    {"neg out-deg", [](const Row& r) { return r.out_degree(r.problem.neg_target); }},
    {"n reach root only",
     [](const Row& r) { return r.count([&](int v) { return r.by_root(v) && !r.by_other(v); }); }},
    {"n reach other only",
     [](const Row& r) { return r.count([&](int v) { return !r.by_root(v) && r.by_other(v); }); }},
    {"n reach both",
     [](const Row& r) { return r.count([&](int v) { return r.by_root(v) && r.by_other(v); }); }},
    {"n reach neither",
     [](const Row& r) { return r.count([&](int v) { return !r.by_root(v) && !r.by_other(v); }); }},
    {"reachable from root (incl root)",
     [](const Row& r) { return r.count([&](int v) { return r.by_root(v); }); }},
    {"reachable from other (incl)",
     [](const Row& r) { return r.if_other_root(r.count([&](int v) { return r.by_other(v); })); }},
    {"root eccentricity", [](const Row& r) { return r.eccentricity(); }},
    {"target at max depth",
     [](const Row& r) { return 1.0 * (r.problem.hops == r.eccentricity()); }},
    {"frontier |F1|", [](const Row& r) { return r.n_frontier(1); }},
    {"frontier |F2|", [](const Row& r) { return r.n_frontier(2); }},
    {"frontier |F3|", [](const Row& r) { return r.n_frontier(3); }},
    {"frontier |F4|", [](const Row& r) { return r.n_frontier(4); }},
    {"frontier |F5|", [](const Row& r) { return r.n_frontier(5); }},
    {"cumulative |R1|", [](const Row& r) { return r.n_within(1); }},
    {"cumulative |R2|", [](const Row& r) { return r.n_within(2); }},
    {"cumulative |R3|", [](const Row& r) { return r.n_within(3); }},
    {"cumulative |R4|", [](const Row& r) { return r.n_within(4); }},
    {"edges leaving F1", [](const Row& r) { return r.edges_leaving(1); }},
    {"edges leaving F2", [](const Row& r) { return r.edges_leaving(2); }},
    {"edges leaving F3", [](const Row& r) { return r.edges_leaving(3); }},
    {"out-deg of F1 nodes (mean)", [](const Row& r) { return r.mean_out_degree(1); }},
    {"in-deg of F1 nodes (mean)", [](const Row& r) { return r.mean_in_degree(1); }},
    {"out-deg of F2 nodes (mean)", [](const Row& r) { return r.mean_out_degree(2); }},
    {"in-deg of F2 nodes (mean)", [](const Row& r) { return r.mean_in_degree(2); }},
    {"out-deg of F3 nodes (mean)", [](const Row& r) { return r.mean_out_degree(3); }},
    {"in-deg of F3 nodes (mean)", [](const Row& r) { return r.mean_in_degree(3); }},
    {"all paths root->target", [](const Row& r) { return r.paths.count; }},
    {"shortest paths root->target", [](const Row& r) { return shortest_paths(r.graph); }},
    {"longest path root->target", [](const Row& r) { return r.paths.longest; }},
    {"optimal set |O1|", [](const Row& r) { return r.n_optimal(1); }},
    {"optimal set |O2|", [](const Row& r) { return r.n_optimal(2); }},
    {"optimal set |O3|", [](const Row& r) { return r.n_optimal(3); }},
    {"neg depth from other root",
     [](const Row& r) { return r.if_other_root(r.problem.neg_depth); }},
    {"target depth - neg depth",
     [](const Row& r) { return r.if_other_root(r.problem.target_depth - r.problem.neg_depth); }},
    {"target ancestors", [](const Row& r) { return r.ancestors(r.graph.to_target); }},
    {"neg ancestors", [](const Row& r) { return r.ancestors(r.graph.to_neg); }},
    {"sources reaching target", [](const Row& r) { return r.sources_above(r.graph.to_target); }},
    {"sources reaching neg", [](const Row& r) { return r.sources_above(r.graph.to_neg); }},
    {"target min depth over sources",
     [](const Row& r) { return 1.0 * r.graph.from_nearest_source[r.problem.target]; }},
    {"neg min depth over sources",
     [](const Row& r) { return 1.0 * r.graph.from_nearest_source[r.problem.neg_target]; }},
    {"root-only leaves",
     [](const Row& r) {
       return r.count([&](int v) { return r.leaf(v) && r.by_root(v) && !r.by_other(v); });
     }},
    {"other-only leaves",
     [](const Row& r) {
       return r.count([&](int v) { return r.leaf(v) && !r.by_root(v) && r.by_other(v); });
     }},
    {"leaves in reach of root",
     [](const Row& r) { return r.count([&](int v) { return r.leaf(v) && r.by_root(v); }); }},
    {"root-only leaves at max depth",
     [](const Row& r) {
       return r.count([&](int v) {
         return r.leaf(v) && !r.by_other(v) && r.problem.distance[v] == r.problem.hops;
       });
     }},
    {"target id/(n-1)", [](const Row& r) { return r.problem.target / (r.n_nodes() - 1); }},
    {"neg id/(n-1)", [](const Row& r) { return r.problem.neg_target / (r.n_nodes() - 1); }},
    {"target id", [](const Row& r) { return 1.0 * r.problem.target; }},
    {"neg id", [](const Row& r) { return 1.0 * r.problem.neg_target; }},
    {"root id", [](const Row& r) { return 1.0 * r.problem.root; }},
    {"prompt tokens (stage 0, no latents)", [](const Row& r) { return 3 * r.n_edges() + 5; }},
};

Statistic statistic(const char* name, const std::vector<double>& values) {
  Moments moments;
  for (const double value : values)
    if (!std::isnan(value)) moments.add(value);
  const auto n = static_cast<int>(moments.count());
  return {name, n > 0 ? moments.mean() : 0, n > 1 ? moments.sample_deviation() : 0, n};
}

}  // namespace

std::vector<Statistic> statistics(const std::vector<Problem>& problems) {
  std::vector<std::vector<double>> values(std::size(quantities));
  for (const auto& problem : problems) {
    const Row row(problem);
    for (std::size_t i = 0; i < values.size(); ++i) values[i].push_back(quantities[i].of(row));
  }
  std::vector<Statistic> rows;
  for (std::size_t i = 0; i < values.size(); ++i)
    rows.push_back(statistic(quantities[i].name, values[i]));
  return rows;
}

std::string table(const std::vector<Statistic>& rows) {
  std::string text = fmt::format("{:<36} {:>10} {:>10}\n", "", "mean", "sd");
  for (const auto& row : rows)
    text += row.n > 0 ? fmt::format("{:<36} {:>10.4f} {:>10.4f}\n", row.name, row.mean, row.sd)
                      : fmt::format("{:<36} {:>10} {:>10}\n", row.name, "-", "-");
  return text;
}

}  // namespace superpose::data
