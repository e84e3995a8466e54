#pragma once
/// The sequence a problem is probed on, and where in it everything stands.

#include <array>
#include <cstdint>
#include <vector>

#include "core/sequence.hpp"
#include "data/options.hpp"
#include "data/problem.hpp"
#include "data/vocabulary.hpp"

namespace superpose::analysis {

/// Positions of an edge's three tokens. `bar` is -1 for the last edge of a published prompt, which
/// has none; the published analyses leave that edge out, and so do the statistics here.
struct EdgeTokens {
  int source, target, bar;
};

/// Positions in the evaluation sequence: prompt, latent tokens, [A].
struct Positions {
  std::vector<std::array<int, 2>> edges;  ///< [E] {parent, child} in the order of the prompt
  std::vector<EdgeTokens> edge_tokens;    ///< [E]
  int target_candidate = 0, other_candidate = 0;
  int root_mark = 0;          ///< [R]
  int root = 0;               ///< the token after it, which generates the first thought
  std::vector<int> thoughts;  ///< [H] the position whose final hidden state is thought k = 1..H
  int last_latent = 0;
  int answer = 0;  ///< [A]
};

struct ProbeSequence {
  Sequence sequence;  ///< as evaluated (data::evaluation_sequence), every position an output
  Positions positions;
};

/// Problem `index` of its file as evaluation reads it. Error (usage) for a method without latent
/// tokens: it has no thoughts to probe.
ProbeSequence probe_sequence(const data::Problem& problem, std::uint64_t index,
                             const data::MethodOptions& method, const data::Vocabulary& vocabulary,
                             std::uint64_t seed);

/// Problem `index` as EoS's growth script asks it (arXiv 2509.23365, Section 5.1): edges and ids as
/// in the file, the target before the other candidate, no [A], and n_growth thoughts whatever its
/// hops are - fewer only if the model's n_positions hold no more.
ProbeSequence growth_sequence(const data::Problem& problem, std::uint64_t index, int n_growth,
                              const data::MethodOptions& method, const data::Vocabulary& vocabulary,
                              int n_positions);

}  // namespace superpose::analysis
