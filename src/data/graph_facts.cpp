#include "data/graph_facts.hpp"

namespace superpose::data {
namespace {

std::vector<NodeSet> merged(std::vector<NodeSet> lists, const std::vector<NodeSet>& others) {
  for (std::size_t v = 0; v < lists.size(); ++v)
    lists[v].insert(lists[v].end(), others[v].begin(), others[v].end());
  return lists;
}

NodeSet nodes_without(const std::vector<NodeSet>& parents) {
  NodeSet nodes;
  for (std::size_t v = 0; v < parents.size(); ++v)
    if (parents[v].empty()) nodes.push_back(static_cast<int>(v));
  return nodes;
}

std::vector<int> distances_from_nearest(const std::vector<NodeSet>& children,
                                        const NodeSet& sources) {
  std::vector<int> nearest(children.size(), -1);
  for (const int source : sources) {
    const auto distance = distances_from(children, source);
    for (std::size_t v = 0; v < nearest.size(); ++v)
      if (distance[v] >= 0 && (nearest[v] < 0 || distance[v] < nearest[v]))
        nearest[v] = distance[v];
  }
  return nearest;
}

}  // namespace

GraphFacts::GraphFacts(const Problem& problem_)
    : problem(problem_),
      children(children_of(problem.graph)),
      parents(parents_of(problem.graph)),
      neighbours(merged(children, parents)),
      sources(nodes_without(parents)),
      from_nearest_source(distances_from_nearest(children, sources)),
      from_other_root(problem.other_root < 0 ? std::vector<int>(children.size(), -1)
                                             : distances_from(children, problem.other_root)),
      undirected_from_root(distances_from(neighbours, problem.root)),
      to_target(distances_from(parents, problem.target)),
      to_neg(distances_from(parents, problem.neg_target)) {}

}  // namespace superpose::data
