#include "theory/random_graphs.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "theory/random_steps.hpp"

namespace superpose::theory {
namespace {

using Edges = std::vector<std::array<int, 2>>;

/// Number of edges between random nodes of [begin, end); self-loops and repetitions among them.
void add_sparse(Edges& edges, int begin, int end, int count, RandomStream& random) {
  const auto node = [&] { return begin + static_cast<int>(random.below(end - begin)); };
  for (int i = 0; i < count; ++i) {
    const int from = node();
    edges.push_back({from, node()});
  }
}

void add_path(Edges& edges, int begin, int end) {
  for (int v = begin; v + 1 < end; ++v) edges.push_back({v, v + 1});
}

Edges sparse_edges(int n, RandomStream& random) {
  Edges edges;
  add_sparse(edges, 0, n, n / 2 + static_cast<int>(random.below(2 * n)), random);
  return edges;
}

Edges path_edges(int n, RandomStream& random) {
  Edges edges;
  const int length = 2 + static_cast<int>(random.below(n - 1));  // nodes on the path
  add_path(edges, 0, length);
  for (int v = length; v < n; ++v) edges.push_back({static_cast<int>(random.below(v)), v});
  for (int i = 0; i < n / 2; ++i) {
    const int from = static_cast<int>(random.below(length));
    edges.push_back({from, static_cast<int>(random.below(from + 1))});  // back, or a self-loop
  }
  return edges;
}

Edges parts_edges(int n, RandomStream& random) {
  Edges edges;
  const int parts = 2 + static_cast<int>(random.below(std::min(3, n / 2 - 1)));
  for (int part = 0; part < parts; ++part) {
    const int begin = n * part / parts, end = n * (part + 1) / parts;
    add_path(edges, begin, std::min(end, begin + 4));
    edges.push_back({std::min(end, begin + 4) - 1, begin});  // a cycle
    add_sparse(edges, begin, end, end - begin, random);
  }
  return edges;
}

Edges draw_edges(Family family, int n, RandomStream& random) {
  return family == Family::sparse ? sparse_edges(n, random)
         : family == Family::path ? path_edges(n, random)
                                  : parts_edges(n, random);
}

template <class Items>
auto any_of_them(const Items& items, RandomStream& random) {
  return items[random.below(static_cast<std::uint32_t>(items.size()))];
}

/// A node that reaches some nodes and not others, or nothing.
std::optional<int> draw_root(const data::Graph& graph, RandomStream& random) {
  std::vector<int> roots;
  int furthest = 0, best = -1;
  for (int v = 0; v < graph.n_nodes; ++v) {
    const auto distance = data::distances_from(graph, v);
    const int deepest = *std::max_element(distance.begin(), distance.end());
    if (deepest < 1 || *std::min_element(distance.begin(), distance.end()) >= 0) continue;
    roots.push_back(v);
    if (deepest > furthest) {
      furthest = deepest;
      best = v;
    }
  }
  if (roots.empty()) return std::nullopt;
  return random.below(2) == 0 ? best : any_of_them(roots, random);
}

}  // namespace

data::Graph shuffled_graph(int n, Edges edges, RandomStream& random) {
  data::Graph graph{n, {}};
  std::vector<int> id(n);
  std::iota(id.begin(), id.end(), 0);
  random.shuffle(id);
  std::set<std::array<int, 2>> seen;
  random.shuffle(edges);
  for (const auto& [from, to] : edges)
    if (seen.insert({from, to}).second) graph.edges.push_back({id[from], id[to]});
  return graph;
}

std::optional<data::Problem> draw_question(const data::Graph& graph, RandomStream& random) {
  data::Problem problem;
  problem.graph = graph;
  const auto root = draw_root(problem.graph, random);
  if (!root) return std::nullopt;
  problem.root = *root;
  const auto distance = data::distances_from(problem.graph, *root);
  std::vector<int> reached, others;
  for (int v = 0; v < graph.n_nodes; ++v)
    if (v != *root) (distance[v] > 0 ? reached : others).push_back(v);
  problem.target = any_of_them(reached, random);
  if (random.below(2) == 0)
    problem.target =
        static_cast<int>(std::max_element(distance.begin(), distance.end()) - distance.begin());
  problem.neg_target = any_of_them(others, random);
  data::derive(problem);
  return problem;
}

Family family_of(std::uint64_t index) {
  constexpr auto families = all_values<Family>();
  return families[index % families.size()];
}

data::Problem random_problem(std::uint64_t seed, std::uint64_t index, int min_nodes,
                             int max_nodes) {
  RandomStream random(seed, Purpose::theory, index, random_step::graph);
  for (;;) {
    const int n = min_nodes + static_cast<int>(random.below(max_nodes - min_nodes + 1));
    const auto graph = shuffled_graph(n, draw_edges(family_of(index), n, random), random);
    if (auto problem = draw_question(graph, random)) return *problem;
  }
}

int diameter(const data::Graph& graph) {
  const auto children = data::children_of(graph);
  int longest = 0;
  for (int v = 0; v < graph.n_nodes; ++v) {
    const auto distance = data::distances_from(children, v);
    longest = std::max(longest, *std::max_element(distance.begin(), distance.end()));
  }
  return longest;
}

}  // namespace superpose::theory
