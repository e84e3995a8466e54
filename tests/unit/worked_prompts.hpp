#pragma once
/// Prompts of two published problems, in the form in which the published code writes them
/// (expand_data of github.com/Ber666/emergence-of-superposition), read back as problems.

#include <algorithm>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "data/expand.hpp"

namespace superpose::data {

using Tokens = std::vector<std::int32_t>;

inline constexpr Method kMethods[] = {Method::coconut,          Method::coconut_bfs_sample,
                                      Method::coconut_bfs_loss, Method::cot,
                                      Method::no_cot,           Method::pause};

// Problems 143 (3 hops) and 203 (4 hops) of the published coconut and BFS files. The target is the
// first candidate in all of them.
inline constexpr const char* kCoconut143 =
    "<eos> 1 2 | 7 17 | 10 9 | 15 1 | 17 2 | 17 14 | 8 13 | 18 5 | 6 5 | 8 6 | 0 18 | 13 6 | 0 "
    "7 | 6 4 | 18 3 | 12 14 | 8 9 | 18 14 | 7 16 | 0 11 | 0 15 | 8 11 | 6 10 | 0 12 [Q] 2 4 [R] "
    "0";
inline constexpr const char* kCoconut203 =
    "<eos> 3 17 | 6 11 | 17 7 | 2 6 | 15 4 | 5 8 | 16 17 | 9 1 | 5 6 | 2 7 | 2 13 | 13 12 | 0 "
    "10 | 16 7 | 5 2 | 17 6 | 2 12 | 12 8 | 0 9 | 4 1 | 17 2 | 7 11 | 16 5 | 4 10 | 17 8 | 15 0 "
    "| 3 16 | 11 14 [Q] 14 10 [R] 3";
inline constexpr const char* kBfs143 =
    "<eos> 8 6 | 18 3 | 17 2 | 18 14 | 0 7 | 8 13 | 6 4 | 18 5 | 6 5 | 17 14 | 10 9 | 12 14 | 0 "
    "11 | 0 15 | 1 2 | 8 9 | 0 18 | 8 11 | 7 16 | 7 17 | 0 12 | 15 1 | 6 10 | 13 6 [Q] 2 4 [R] "
    "0";
inline constexpr const char* kBfs203 =
    "<eos> 0 9 | 5 6 | 4 10 | 11 14 | 2 7 | 16 7 | 17 7 | 5 2 | 2 12 | 2 13 | 7 11 | 16 5 | 17 "
    "6 | 4 1 | 17 8 | 3 16 | 12 8 | 5 8 | 15 4 | 6 11 | 15 0 | 16 17 | 2 6 | 0 10 | 13 12 | 3 "
    "17 | 17 2 | 9 1 [Q] 14 10 [R] 3";

struct Written {
  Problem problem;
  Layout layout;
};

/// The problem a published prompt states, and the layout that writes it so again.
inline Written read_prompt(const std::string& text) {
  std::istringstream words(text);
  std::string word;
  Written written;
  auto& [problem, layout] = written;
  words >> word;  // <eos>
  do {
    std::array<int, 2> edge{};
    words >> edge[0] >> edge[1] >> word;
    problem.graph.edges.push_back(edge);
  } while (word == "|");
  words >> problem.target >> problem.neg_target >> word >> problem.root;
  for (const auto& edge : problem.graph.edges)
    problem.graph.n_nodes = std::max({problem.graph.n_nodes, edge[0] + 1, edge[1] + 1});
  layout.edges = problem.graph.edges;
  layout.token_of_node.resize(static_cast<std::size_t>(problem.graph.n_nodes));
  std::iota(layout.token_of_node.begin(), layout.token_of_node.end(), 0);
  derive(problem);
  return written;
}

inline MethodOptions options_of(Method method, double uniform_prob = 0) {
  MethodOptions options;
  options.name = method;
  options.uniform_prob = uniform_prob;
  return options;
}

/// A published prompt, and behind it what trains its k-th hop.
inline Sequence worked_sequence(const Written& written, int k, Method method,
                                std::uint64_t seed = 0) {
  RandomStream stream(seed, Purpose::expand, 0);
  const auto options = options_of(method);
  auto sequence = prompt_sequence(written.problem, 0, written.layout, options, Vocabulary());
  append_hop(sequence, written.problem, written.layout, k, options, Vocabulary(), stream);
  return sequence;
}

inline std::string text_of(const Tokens& tokens) {
  const Vocabulary vocabulary;
  std::string text;
  for (const auto token : tokens) text += (text.empty() ? "" : " ") + vocabulary.name(token);
  return text;
}

}  // namespace superpose::data
