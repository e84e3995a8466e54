#pragma once
/// Interventions on thoughts: change what a thought holds, let the model go on, and see whether the
/// answer changes. They tell whether the superposition is used, not only present.

#include <array>
#include <vector>

#include "analysis/probe.hpp"

namespace superpose::analysis {

/// What becomes of a thought h, with strength s. Every kind leaves h as it is at one strength: 1
/// for rescale, 0 for the others.
enum class InterventionKind {
  rescale,  ///< h + (s - 1) P h, P the projection onto the embeddings of a group's nodes: s = 0
            ///< removes them, s = 1 changes nothing, s = 2 doubles them
  swap,     ///< (1 - s) h + s times the undisturbed same thought of another problem of as many hops
  nearest_token,   ///< (1 - s) h + s times the embedding of its most likely token: s = 1 is CoT
  keep_strongest,  ///< h - s (P h - p h), P the projection onto the embeddings of the reachable
                   ///< nodes (within k hops for thought k), p that onto the one of them with the
                   ///< largest inner product with h. s = 1 leaves one node and all that is outside
                   ///< the embeddings of reachable nodes: does it take more than one node?
  frontier_span,   ///< (1 - s) h + s P h, P the projection onto the embeddings of the frontier (by
                   ///< distance). s = 1 leaves the whole superposition and nothing outside it: what
                   ///< nearest_token is compared with, which also removes all that is outside
};
constexpr std::array<const char*, 5> names_of(InterventionKind) {
  return {"rescale", "swap", "nearest_token", "keep_strongest", "frontier_span"};
}

struct Intervention {
  InterventionKind kind = InterventionKind::rescale;
  Group group = Group::frontier;  ///< of the nodes, for rescale
  int thought = 0;                ///< the thought it changes, from 1; 0: every thought
  double strength = 0;
};

/// Answers of the problems that an intervention reached: those that have the thought and, for swap,
/// a partner.
struct InterventionOutcome {
  std::int64_t problems = 0;
  std::int64_t right_before = 0, right_after = 0;  ///< argmax over the vocabulary
  std::int64_t preferred_before = 0,
               preferred_after = 0;  ///< the target's logit above the other candidate's
};

/// Error (usage) for a method whose latents are not fed back: nothing would read a change.
void require_fed_back(const data::MethodOptions& method);

/// Outcomes of the interventions, in their order; the same on every rank and for every number of
/// ranks. A swap's partner is the next problem with as many hops among the 32 of a chunk.
/// Collective. Error (usage) as require_fed_back.
std::vector<InterventionOutcome> intervene(model::Network<float>& model,
                                           const std::vector<data::Problem>& problems,
                                           const ProbeSettings& settings,
                                           const std::vector<Intervention>& interventions,
                                           const distributed::Communicator& communicator);

}  // namespace superpose::analysis
