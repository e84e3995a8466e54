#include "theory/dense_graphs.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "theory/random_graphs.hpp"
#include "theory/random_steps.hpp"

namespace superpose::theory {
namespace {

Edges clique_edges(int n, RandomStream& random) {
  const int tail = 1 + static_cast<int>(random.below(n / 4));
  return clique_with_tail(n - 1 - tail, tail);
}

Edges random_edges(int n, RandomStream& random) {
  const double most = (n - 1.0) * (n - 1.0) / n;
  const double per_node = std::pow(most, random.uniform());
  return dense_edges(n, static_cast<int>(per_node * n), random);
}

}  // namespace

Edges clique_with_tail(int clique, int tail) {
  Edges edges;
  for (int s = 0; s < clique; ++s)
    for (int t = 0; t < clique; ++t)
      if (s != t) edges.push_back({s, t});
  for (int i = 0; i < tail; ++i) edges.push_back({i == 0 ? 0 : clique + i - 1, clique + i});
  return edges;
}

data::Problem clique_problem(int clique, int tail) {
  SUPERPOSE_EXPECT(clique >= 2 && tail >= 1);
  data::Problem problem;
  problem.graph = {clique + tail + 1, clique_with_tail(clique, tail)};
  problem.root = 1;
  problem.target = clique + tail - 1;
  problem.neg_target = clique + tail;
  data::derive(problem);
  return problem;
}

Edges dense_edges(int n, int count, RandomStream& random) {
  Edges edges;
  for (int s = 0; s < n; ++s)
    for (int t = 0; t + 1 < n; ++t)
      if (s != t) edges.push_back({s, t});
  SUPERPOSE_EXPECT(count <= static_cast<int>(edges.size()));
  random.shuffle(edges);
  edges.resize(count);
  return edges;
}

data::Problem dense_problem(std::uint64_t seed, std::uint64_t index, int min_nodes, int max_nodes) {
  RandomStream random(seed, Purpose::theory, index, random_step::dense_graph);
  for (;;) {
    const int n = min_nodes + static_cast<int>(random.below(max_nodes - min_nodes + 1));
    auto edges = index % 2 == 0 ? clique_edges(n, random) : random_edges(n, random);
    const auto graph = shuffled_graph(n, std::move(edges), random);
    if (auto problem = draw_question(graph, random)) return *problem;
  }
}

}  // namespace superpose::theory
