#include "theory/verify_construction.hpp"

#include <algorithm>
#include <cmath>

#include "core/random.hpp"
#include "data/expand.hpp"
#include "theory/extremes.hpp"
#include "theory/random_graphs.hpp"
#include "theory/random_steps.hpp"

namespace superpose::theory {
namespace {

/// Tokens before the first edge and after the last: <s>; [Q] c1 c2 [R] root; [A].
constexpr int frame_tokens = 7;

/// [v] weights of a thought as a dense vector.
template <class X>
std::vector<double> dense(const Content<X>& thought, int n) {
  std::vector<double> values(n, 0);
  for (const auto& [token, weight] : thought) values[token] = static_cast<double>(weight);
  return values;
}

/// ||thought - exact||_2, where exact holds 1 / sqrt(|V_c|) of each node within c steps.
double thought_error(const std::vector<double>& thought, const std::vector<int>& distance, int c) {
  const auto inside = [&](std::size_t v) {
    return v < distance.size() && distance[v] >= 0 && distance[v] <= c;
  };
  double size = 0, sum = 0;
  for (std::size_t v = 0; v < thought.size(); ++v) size += inside(v);
  for (std::size_t v = 0; v < thought.size(); ++v) {
    const double exact = inside(v) ? 1 / std::sqrt(size) : 0;
    sum += (thought[v] - exact) * (thought[v] - exact);
  }
  return std::sqrt(sum);
}

template <class X>
void check_thought(const typename Construction<X>::Output& output, const data::Problem& problem,
                   int c, double eps, GraphResult& result) {
  const auto thought = dense(output.thought, static_cast<int>(output.weights.size()));
  result.thought_error = larger(result.thought_error, thought_error(thought, problem.distance, c));
  for (int v = 0; v < problem.graph.n_nodes; ++v) {
    const int d = problem.distance[v];
    const double weight = static_cast<double>(output.weights[v]) / eps;
    const bool reachable = d >= 0 && d <= c;
    if (reachable) result.smallest_reachable = smaller(result.smallest_reachable, weight);
    if (!reachable) result.largest_other = larger(result.largest_other, weight);
    result.beyond_nodes += d == c + 1;
    result.beyond_found += d == c + 1 && thought[v] > 0;
  }
}

/// The answer after C thoughts; the sequence is left as it was.
template <class X>
void ask(Construction<X>& construction, const data::Vocabulary& vocabulary,
         const data::Problem& problem, int C, GraphResult& result) {
  construction.append(vocabulary.answer());
  const auto logits = dense(construction.output().thought, vocabulary.size());
  construction.remove_last();
  // A tie is no answer: the target has to be the one largest logit.
  const double target = logits[problem.target];
  const bool right = target > 0 && std::count_if(logits.begin(), logits.end(),
                                                 [&](double x) { return x >= target; }) == 1;
  const int offset = std::clamp(C - problem.hops, -furthest_offset, furthest_offset);
  ++result.asked[offset + furthest_offset];
  result.right[offset + furthest_offset] += right;
}

GraphResult describe(const data::Problem& problem, int beyond) {
  GraphResult result;
  result.n_nodes = problem.graph.n_nodes;
  result.n_edges = static_cast<std::int64_t>(problem.graph.edges.size());
  result.n_positions = positions_needed(problem, beyond);
  result.diameter = diameter(problem.graph);
  result.eccentricity = static_cast<std::int64_t>(problem.frontier.size()) - 1;
  result.hops = problem.hops;
  result.thoughts = result.diameter + beyond;
  result.smallest_reachable = std::numeric_limits<double>::infinity();
  return result;
}

}  // namespace

template <class X>
GraphResult verify_construction(Construction<X>& construction, const data::Vocabulary& vocabulary,
                                const data::Problem& problem, std::uint64_t seed,
                                std::uint64_t index, int beyond) {
  GraphResult result = describe(problem, beyond);
  construction.clear();
  for (const auto token : prompt_of(problem, vocabulary, seed, index)) construction.append(token);
  ask(construction, vocabulary, problem, 0, result);
  for (int c = 1; c <= result.thoughts; ++c) {
    const auto output = construction.output();
    check_thought<X>(output, problem, c, construction.constants().eps_2, result);
    construction.append(output.thought);
    ask(construction, vocabulary, problem, c, result);
  }
  return result;
}

std::vector<std::int32_t> prompt_of(const data::Problem& problem,
                                    const data::Vocabulary& vocabulary, std::uint64_t seed,
                                    std::uint64_t index) {
  data::MethodOptions options;
  options.last_edge_bar = true;
  data::Layout layout;
  layout.edges = problem.graph.edges;
  layout.target_first =
      RandomStream(seed, Purpose::theory, index, random_step::order_of_candidates).below(2) == 0;
  for (int v = 0; v < problem.graph.n_nodes; ++v) layout.token_of_node.push_back(v);
  return data::prompt_sequence(problem, index, layout, options, vocabulary).tokens;
}

int positions_needed(const data::Problem& problem, int beyond) {
  const int n_edges = static_cast<int>(problem.graph.edges.size());
  return positions_needed(n_edges, diameter(problem.graph), beyond);
}

int positions_needed(int n_edges, int diameter, int beyond) {
  return 3 * n_edges + frame_tokens + diameter + beyond;
}

Sizes sizes_of(const std::vector<data::Problem>& problems, int beyond) {
  Sizes sizes;
  for (const auto& problem : problems) {
    sizes.n_max = std::max(sizes.n_max, problem.graph.n_nodes);
    sizes.e_max = std::max(sizes.e_max, static_cast<int>(problem.graph.edges.size()));
    sizes.t_max = std::max(sizes.t_max, positions_needed(problem, beyond));
  }
  return sizes;
}

template GraphResult verify_construction(Construction<double>&, const data::Vocabulary&,
                                         const data::Problem&, std::uint64_t, std::uint64_t, int);
template GraphResult verify_construction(Construction<float>&, const data::Vocabulary&,
                                         const data::Problem&, std::uint64_t, std::uint64_t, int);
template GraphResult verify_construction(Construction<bfloat16>&, const data::Vocabulary&,
                                         const data::Problem&, std::uint64_t, std::uint64_t, int);

}  // namespace superpose::theory
