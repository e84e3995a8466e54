#pragma once
/// Discrete chains of thought over the construction of RbS Theorem 1 (arXiv 2505.12514): instead of
/// the thought itself the embedding of one node of it is fed back. The paper says that a token
/// drawn from a thought collapses the superposition, so that the search is sequential, needs many
/// more steps and may be trapped; n^2 steps is the best bound it knows for discrete chains.
///
/// A chain names a candidate after a token if [A], appended there, does: the candidate's logit
/// alone is the largest. A step is a token fed back.

#include <array>
#include <cstdint>
#include <vector>

#include "core/enum_names.hpp"
#include "core/random.hpp"
#include "data/problem.hpp"
#include "theory/construction.hpp"

namespace superpose::theory {

/// How the next token is chosen from the thought.
enum class Decoding {
  sampled,      ///< drawn in proportion to the squared weight; the node just fed is among them
  greedy,       ///< the largest weight but for the node just fed, at which the chain would stay
  depth_first,  ///< any node not fed so far, or the one before again: a memory beside the model
};
constexpr std::array<const char*, 3> names_of(Decoding) {
  return {"sampled", "greedy", "depth_first"};
}
inline constexpr int n_decodings = static_cast<int>(names_of(Decoding{}).size());

/// What the construction gives after the prompt and the token of one node. That is all a discrete
/// chain ever sees: layer 1 gives tokens of nodes empty buffers, so no later token attends to them.
struct NodeThoughts {
  std::vector<Content<double>> next;  ///< [node] the thought; none where no edge leaves the node:
                                      ///< no key matches, and the construction promises nothing
  std::vector<std::int32_t> named;    ///< [node] candidate that [A] names after it, or -1
};

/// The token of the largest logit at [A] after the sequence so far, which is left as it was; -1 if
/// it is not alone.
std::int32_t named_candidate(Construction<double>& construction,
                             const data::Vocabulary& vocabulary);

/// The sequence of `construction` is the prompt of `problem`, and is left so.
NodeThoughts node_thoughts(Construction<double>& construction, const data::Vocabulary& vocabulary,
                           const data::Problem& problem);

enum class ChainEnd {
  named,         ///< names the target
  wrong,         ///< names the other candidate
  trapped,       ///< cannot come to the target any more
  out_of_steps,  ///< has taken n^2 steps
};

struct Chain {
  ChainEnd end = ChainEnd::out_of_steps;
  std::int64_t steps = 0;  ///< until then; a chain of n^2 steps for those that name no candidate
};

/// The steps allowed on a graph of n nodes, n^2.
std::int64_t step_limit(const data::Problem& problem);

/// One chain. Where weights are equal, as they are in this construction, an order of the nodes that
/// is drawn once a chain decides.
Chain run_chain(const NodeThoughts& thoughts, const data::Problem& problem, Decoding decoding,
                RandomStream& random);

}  // namespace superpose::theory
