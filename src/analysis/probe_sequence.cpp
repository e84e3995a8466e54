#include "analysis/probe_sequence.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "core/error.hpp"
#include "data/curriculum.hpp"
#include "data/expand.hpp"

namespace superpose::analysis {
namespace {

constexpr int first_edge = 1;   // after <eos>
constexpr int edge_length = 3;  // source, target, bar

void find_edges(const Sequence& sequence, int n_edges, const data::Vocabulary& vocabulary,
                Positions& positions) {
  const auto& tokens = sequence.tokens;
  for (int e = 0; e < n_edges; ++e) {
    const int source = first_edge + edge_length * e, target = source + 1, end = source + 2;
    positions.edges.push_back({tokens[source], tokens[target]});  // a node's token is its id
    positions.edge_tokens.push_back({source, target, tokens[end] == vocabulary.bar() ? end : -1});
  }
}

/// The prompt ends `[Q] c1 c2 [R] root`.
void find_question(const Sequence& sequence, const data::Problem& problem, Positions& positions) {
  positions.root = sequence.latent_begin - 1;
  positions.root_mark = positions.root - 1;
  const int first = positions.root - 3, second = positions.root - 2;
  const bool target_first = sequence.tokens[first] == problem.target;
  positions.target_candidate = target_first ? first : second;
  positions.other_candidate = target_first ? second : first;
}

Positions positions_of(const Sequence& sequence, const data::Problem& problem, int n_thoughts,
                       int c_thought, const data::Vocabulary& vocabulary) {
  Positions positions;
  find_edges(sequence, static_cast<int>(problem.graph.edges.size()), vocabulary, positions);
  find_question(sequence, problem, positions);
  for (int k = 0; k < n_thoughts; ++k) positions.thoughts.push_back(positions.root + k * c_thought);
  positions.last_latent = sequence.latent_begin + sequence.n_latent - 1;
  positions.answer = static_cast<int>(sequence.tokens.size()) - 1;
  return positions;
}

void make_every_position_an_output(Sequence& sequence) {
  sequence.targets.clear();
  for (std::size_t t = 0; t < sequence.tokens.size(); ++t)
    sequence.targets.push_back({static_cast<std::int32_t>(t), {}});
}

}  // namespace

ProbeSequence probe_sequence(const data::Problem& problem, std::uint64_t index,
                             const data::MethodOptions& method, const data::Vocabulary& vocabulary,
                             std::uint64_t seed) {
  validate(data::has_stages(method.name), ExitCode::usage,
           "method {} cannot be probed (it has no latent tokens and so no thoughts); evaluate it "
           "instead",
           to_string(method.name));
  ProbeSequence probe;
  probe.sequence =
      data::evaluation_sequence(problem, index, std::nullopt, method, vocabulary, seed).sequence;
  probe.positions =
      positions_of(probe.sequence, problem, problem.hops, method.c_thought, vocabulary);
  make_every_position_an_output(probe.sequence);
  return probe;
}

ProbeSequence growth_sequence(const data::Problem& problem, std::uint64_t index, int n_growth,
                              const data::MethodOptions& method, const data::Vocabulary& vocabulary,
                              int n_positions) {
  data::Layout layout{problem.graph.edges, true, {}};
  layout.token_of_node.resize(static_cast<std::size_t>(problem.graph.n_nodes));
  std::iota(layout.token_of_node.begin(), layout.token_of_node.end(), 0);
  ProbeSequence probe;
  auto& sequence = probe.sequence;
  sequence = data::prompt_sequence(problem, index, layout, method, vocabulary);
  const int n_prompt = static_cast<int>(sequence.tokens.size());
  const int n_thoughts = std::min(n_growth, 1 + (n_positions - n_prompt) / method.c_thought);
  sequence.n_latent = (n_thoughts - 1) * method.c_thought;
  sequence.tokens.insert(sequence.tokens.end(), static_cast<std::size_t>(sequence.n_latent),
                         vocabulary.latent());
  probe.positions = positions_of(sequence, problem, n_thoughts, method.c_thought, vocabulary);
  make_every_position_an_output(sequence);
  return probe;
}

}  // namespace superpose::analysis
