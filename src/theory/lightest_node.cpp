#include "theory/lightest_node.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.hpp"
#include "theory/over_ranks.hpp"

namespace superpose::theory {
namespace {

constexpr int most_nodes = 8;
constexpr std::uint64_t block = 1 << 16;  ///< graphs a rank tries at a time

/// [s] the targets of node s, a bit each.
using Rows = std::array<std::uint32_t, most_nodes>;

int bits_of(std::uint64_t word) {
  return __builtin_popcountll(word);
}

/// Edges from the nodes of `from` into v.
int edges_into(const Rows& rows, std::uint32_t from, int v, int nodes) {
  int count = 0;
  for (int s = 0; s < nodes; ++s) count += (from >> s & 1U) & (rows[s] >> v & 1U);
  return count;
}

/// The place of a graph's edge 0, 1, ... among all pairs: without loops the diagonal is left out.
Rows rows_of(const SmallGraphs& kind, std::uint64_t code) {
  const int nodes = kind.linked(), width = nodes - (kind.loops == 0 ? 1 : 0);
  Rows rows{};
  for (int s = 0; s < nodes; ++s) {
    const auto row = static_cast<std::uint32_t>(code >> (s * width) & ((1ULL << width) - 1));
    const std::uint32_t before = row & ((1U << s) - 1);
    rows[s] = kind.loops != 0 ? row : before | (row ^ before) << 1;
  }
  return rows;
}

/// As lightest_node(...).is_below_paper(n) from root 0, on bits.
bool fails(const Rows& rows, int nodes, std::int64_t n) {
  for (std::uint32_t inside = 1;;) {
    std::uint32_t next = inside;
    std::int64_t attended = 0;
    for (int s = 0; s < nodes; ++s)
      if (inside >> s & 1U) {
        next |= rows[s];
        attended += bits_of(rows[s]);
      }
    if (next == inside) return false;
    for (int v = 0; v < nodes; ++v)
      if ((next & ~inside) >> v & 1U &&
          LightestNode{v, edges_into(rows, inside, v, nodes), attended}.is_below_paper(n))
        return true;
    inside = next;
  }
}

/// Adds what another part of the graphs, with greater codes, has found.
void add(SmallSearch& sum, std::int64_t failing, std::int64_t edges, std::uint64_t example) {
  if (failing > 0 && (sum.failing == 0 || edges < sum.fewest_edges)) {
    sum.fewest_edges = edges;
    sum.example = example;
  }
  sum.failing += failing;
}

SmallSearch search_block(const SmallGraphs& kind, std::uint64_t begin, std::uint64_t end) {
  SmallSearch found{kind};
  for (std::uint64_t code = begin; code < end; ++code) {
    const int edges = bits_of(code);  // no more are attended
    if (!LightestNode{0, 1, edges}.is_below_paper(kind.n_nodes)) continue;
    if (fails(rows_of(kind, code), kind.linked(), kind.n_nodes)) add(found, 1, edges, code);
  }
  return found;
}

}  // namespace

double LightestNode::weight() const {
  return static_cast<double>(into) / (std::sqrt(3.0) * static_cast<double>(attended));
}

bool LightestNode::is_below_paper(std::int64_t n) const {
  return 3 * attended * attended > 16 * n * n * into * into;
}

LightestNode lightest_node(const data::Graph& graph, int root) {
  const auto distance = data::distances_from(graph, root);
  const int furthest = *std::max_element(distance.begin(), distance.end());
  LightestNode lightest;
  for (int c = 0; c < furthest; ++c) {
    std::int64_t attended = 0;
    std::vector<std::int64_t> into(graph.n_nodes, 0);
    for (const auto& [s, t] : graph.edges)
      if (distance[s] >= 0 && distance[s] <= c) {
        ++attended;
        ++into[t];
      }
    for (int v = 0; v < graph.n_nodes; ++v)
      if (distance[v] == c + 1 && attended * lightest.into > lightest.attended * into[v])
        lightest = {v, into[v], attended};
  }
  return lightest;
}

int SmallGraphs::places() const {
  return linked() * (linked() - (loops != 0 ? 0 : 1));
}

data::Graph graph_of(const SmallGraphs& kind, std::uint64_t code) {
  const auto rows = rows_of(kind, code);
  data::Graph graph{static_cast<int>(kind.n_nodes), {}};
  for (int s = 0; s < kind.linked(); ++s)
    for (int t = 0; t < kind.linked(); ++t)
      if (rows[s] >> t & 1U) graph.edges.push_back({s, t});
  return graph;
}

SmallSearch search_all(const SmallGraphs& kind, const distributed::Communicator& world) {
  SUPERPOSE_EXPECT(kind.linked() >= 1 && kind.linked() <= most_nodes && kind.places() <= 30);
  const std::uint64_t graphs = 1ULL << kind.places();
  SmallSearch all{kind};
  const auto parts = over_ranks(world, (graphs + block - 1) / block, [&](std::uint64_t i) {
    return search_block(kind, i * block, std::min(graphs, (i + 1) * block));
  });
  for (const auto& part : parts) add(all, part.failing, part.fewest_edges, part.example);
  return all;
}

}  // namespace superpose::theory
