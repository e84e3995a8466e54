#include "analysis/problem_table.hpp"

#include <algorithm>
#include <string>

namespace superpose::analysis {
namespace {

using Array = NamedArray<std::int32_t>;

std::size_t extent(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

Array array_of(const char* name, std::vector<std::string> dims, std::vector<std::size_t> shape,
               const std::string& description) {
  return Array({std::string("problems/") + name, std::move(dims), std::move(shape), description},
               -1);
}

/// One number a problem.
template <class Value>
Array scalar(const RawPlan& plan, const char* name, const std::string& description,
             const Value& value) {
  Array array = array_of(name, {"problem"}, {plan.problems.size()}, description);
  for (std::size_t p = 0; p < plan.problems.size(); ++p)
    array.values[p] = static_cast<std::int32_t>(value(plan.problems[p]));
  return array;
}

void add_scalars(const RawPlan& plan, std::vector<Array>& table) {
  const auto add = [&](const char* name, const std::string& description, const auto& value) {
    table.push_back(scalar(plan, name, description, value));
  };
  add("hops", "H, the distance from the root to the target",
      [](const auto& p) { return p.problem->hops; });
  add("n_nodes", "nodes of the graph", [](const auto& p) { return p.problem->graph.n_nodes; });
  add("n_edges", "edges of the graph", [](const auto& p) { return p.positions.edges.size(); });
  add("n_positions", "positions of the sequence",
      [](const auto& p) { return p.positions.answer + 1; });
  add("root", "node", [](const auto& p) { return p.problem->root; });
  add("target", "node, the right answer", [](const auto& p) { return p.problem->target; });
  add("neg_target", "node, the other candidate",
      [](const auto& p) { return p.problem->neg_target; });
  add("equal_depth", "1 if both candidates are equally deep",
      [](const auto& p) { return p.problem->equal_depth(); });
}

void add_positions(const RawPlan& plan, std::vector<Array>& table) {
  const auto add = [&](const char* name, const std::string& description, const auto& value) {
    table.push_back(scalar(plan, name, description, value));
  };
  add("position_root_mark", "position of [R]", [](const auto& p) { return p.positions.root_mark; });
  add("position_root", "position of the root after [R]",
      [](const auto& p) { return p.positions.root; });
  add("position_target", "position of the target among the candidates",
      [](const auto& p) { return p.positions.target_candidate; });
  add("position_other", "position of the other candidate",
      [](const auto& p) { return p.positions.other_candidate; });
  add("position_last_thought", "position of the last latent token",
      [](const auto& p) { return p.positions.last_latent; });
  add("position_answer", "position of [A]", [](const auto& p) { return p.positions.answer; });
}

void add_tokens(const RawPlan& plan, std::vector<Array>& table) {
  const std::size_t P = plan.problems.size();
  Array token = array_of("tokens", {"problem", "position"}, {P, extent(plan.n_positions)},
                         "token ids; a latent token stands for a thought");
  Array thought = array_of("position_thought", {"problem", "thought"}, {P, extent(plan.n_thoughts)},
                           "position that generates the thought, from the root on");
  for (std::size_t p = 0; p < P; ++p) {
    const auto& tokens = plan.sequences[p].tokens;
    const auto& thoughts = plan.problems[p].positions.thoughts;
    std::copy(tokens.begin(), tokens.end(), token.at({p}));
    std::copy(thoughts.begin(), thoughts.end(), thought.at({p}));
  }
  table.insert(table.end(), {std::move(token), std::move(thought)});
}

void add_graph(const RawPlan& plan, std::vector<Array>& table) {
  const std::size_t P = plan.problems.size(), E = extent(plan.n_edges), N = extent(plan.n_nodes);
  Array edge = array_of("edges", {"problem", "edge", "end"}, {P, E, 2},
                        "source and target node of each edge, in the order of the prompt");
  Array position = array_of("position_edge", {"problem", "edge", "part"}, {P, E, 3},
                            "positions of source, target and |; -1 for no |");
  Array distance = array_of("distance", {"problem", "node"}, {P, N},
                            "hops from the root; -1 also if it is not reachable");
  for (std::size_t p = 0; p < P; ++p) {
    const auto& [index, problem, positions, search] = plan.problems[p];
    for (std::size_t e = 0; e < positions.edges.size(); ++e) {
      std::copy_n(positions.edges[e].begin(), 2, edge.at({p, e}));
      const auto& tokens = positions.edge_tokens[e];
      const std::int32_t parts[] = {tokens.source, tokens.target, tokens.bar};
      std::copy_n(parts, 3, position.at({p, e}));
    }
    std::copy(problem->distance.begin(), problem->distance.end(), distance.at({p}));
  }
  table.insert(table.end(), {std::move(edge), std::move(position), std::move(distance)});
}

/// 1 for what is in the group, 0 for what is not.
void add_group(const RawPlan& plan, Group group, std::vector<Array>& table) {
  const std::size_t P = plan.problems.size(), H = extent(plan.n_thoughts);
  const std::string name = to_string(group);
  Array edges = array_of(("edge_" + name).c_str(), {"problem", "thought", "edge"},
                         {P, H, extent(plan.n_edges)}, "1: the edge is in this group");
  Array nodes = array_of(("node_" + name).c_str(), {"problem", "thought", "node"},
                         {P, H, extent(plan.n_nodes)}, "1: the node is in this group");
  edges.layout.frontier_rule = nodes.layout.frontier_rule = frontier_rule_of(group);
  for (std::size_t p = 0; p < P; ++p) {
    const auto& [index, problem, positions, search] = plan.problems[p];
    for (std::size_t k = 0; k < positions.thoughts.size(); ++k) {
      const int thought = static_cast<int>(k) + 1;
      for (std::size_t e = 0; e < positions.edges.size(); ++e)
        *edges.at({p, k, e}) = search.edge_in(group, thought, positions.edges[e]);
      for (int node = 0; node < problem->graph.n_nodes; ++node)
        *nodes.at({p, k, extent(node)}) = search.node_in(group, thought, node);
    }
  }
  table.insert(table.end(), {std::move(edges), std::move(nodes)});
}

/// Which of the problems have raw attention, and its queries.
void add_raw(const RawPlan& plan, std::vector<Array>& table) {
  const std::size_t n_raw = plan.raw.problems.size();
  Array problem = array_of("raw_problem_index", {"raw_problem"}, {n_raw},
                           "place of the raw problem along the dimension problem");
  Array query = array_of("position_query", {"raw_problem", "query"},
                         {n_raw, extent(plan.n_queries())}, "position of the query");
  for (std::size_t r = 0; r < n_raw; ++r) {
    problem.values[r] = plan.raw.problems[r];
    const auto queries = plan.queries_of(plan.raw.problems[r]);
    std::copy(queries.begin(), queries.end(), query.at({r}));
  }
  table.insert(table.end(), {std::move(problem), std::move(query)});
}

}  // namespace

std::vector<Array> problem_table(const RawPlan& plan) {
  std::vector<Array> table;
  add_scalars(plan, table);
  add_positions(plan, table);
  add_tokens(plan, table);
  add_graph(plan, table);
  for (const Group group : all_values<Group>()) add_group(plan, group, table);
  add_raw(plan, table);
  return table;
}

}  // namespace superpose::analysis
