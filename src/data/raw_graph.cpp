#include "data/raw_graph.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace superpose::data {
namespace {

/// Bits of a node's side: which of the two main sources, nodes 0 and 1, lie above it.
constexpr int below_0 = 1, below_1 = 2, any_side = 0;

/// A graph while it grows, before isolated nodes are dropped.
struct Draft {
  std::vector<int> side{below_0, below_1};
  std::vector<int> depth{0, 0};  ///< below the own source through nodes of the same side, else 0
  std::vector<NodeSet> parents{{}, {}};

  int size() const { return static_cast<int>(side.size()); }
};

/// Poisson by inversion: one draw, and the same number on every machine.
int poisson(double mean, RandomStream& random) {
  const double u = random.uniform();
  double probability = std::exp(-mean);
  double below = probability;
  int k = 0;
  while (u >= below && probability > 0) {
    probability *= mean / ++k;
    below += probability;
  }
  return k;
}

NodeSet candidate_parents(const Draft& draft, int side) {
  NodeSet pool;
  for (int v = 0; v < draft.size(); ++v)
    if (side == any_side || draft.side[v] == side) pool.push_back(v);
  return pool;
}

/// Draws up to `count` parents without replacement, deeper nodes more likely; in drawing order.
NodeSet draw_parents(NodeSet pool, int count, double depth_gain, const Draft& draft,
                     RandomStream& random) {
  std::vector<double> weights;
  for (const int v : pool) weights.push_back(depth_gain * draft.depth[v] + 1);
  NodeSet parents;
  while (count-- > 0 && !pool.empty()) {
    const auto i = static_cast<std::ptrdiff_t>(draw_weighted(weights, random));
    parents.push_back(pool[i]);
    pool.erase(pool.begin() + i);
    weights.erase(weights.begin() + i);
  }
  return parents;
}

void add_node(Draft& draft, NodeSet parents) {
  int side = 0;
  for (const int p : parents) side |= draft.side[p];
  int nearest = draft.size();
  for (const int p : parents)
    if (draft.side[p] == side) nearest = std::min(nearest, draft.depth[p]);
  const bool one_side = side == below_0 || side == below_1;
  draft.side.push_back(side);
  draft.depth.push_back(one_side ? nearest + 1 : 0);
  draft.parents.push_back(std::move(parents));
}

/// Drops isolated nodes and renumbers the others in order; nothing if node 0 or 1 is isolated.
std::optional<Graph> without_isolated(const Draft& draft) {
  std::vector<bool> connected(draft.size());
  for (int v = 0; v < draft.size(); ++v) {
    if (!draft.parents[v].empty()) connected[v] = true;
    for (const int p : draft.parents[v]) connected[p] = true;
  }
  if (!connected[0] || !connected[1]) return std::nullopt;
  Graph graph;
  std::vector<int> id(draft.size(), -1);
  for (int v = 0; v < draft.size(); ++v) {
    if (connected[v]) id[v] = graph.n_nodes++;
    for (const int p : draft.parents[v]) graph.edges.push_back({id[p], id[v]});
  }
  return graph;
}

}  // namespace

std::size_t draw_weighted(const std::vector<double>& weights, RandomStream& random) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  double rest = random.uniform() * total;
  for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
    if (rest < weights[i]) return i;
    rest -= weights[i];
  }
  return weights.size() - 1;
}

std::optional<Graph> draw_raw_graph(const GeneratorOptions& options, int n_nodes,
                                    RandomStream& random) {
  Draft draft;
  while (draft.size() < n_nodes) {
    const int count = poisson(options.parents_mean, random);
    const double u = random.uniform();
    const int side = u < options.side0                   ? below_0
                     : u < options.side0 + options.side1 ? below_1
                                                         : any_side;
    NodeSet pool = candidate_parents(draft, side);
    add_node(draft, draw_parents(std::move(pool), count, options.depth_gain, draft, random));
  }
  return without_isolated(draft);
}

}  // namespace superpose::data
