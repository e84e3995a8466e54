#pragma once
/// What a model answers on a problem set, problem by problem (src/analysis/README.md).

#include <cstdint>
#include <optional>
#include <vector>

#include "core/activity.hpp"
#include "data/options.hpp"
#include "data/problem.hpp"
#include "distributed/communicator.hpp"
#include "model/network.hpp"

namespace superpose::train {

/// The prediction after k-1 hops of thought, which should name a node k hops from the root.
struct HopOutcome {
  std::int32_t problem = 0;
  std::int32_t hop = 0;           ///< k = 1..H
  std::int32_t optimal = 0;       ///< 1 if the argmax is k hops away on a shortest path
  std::int32_t frontier = 0;      ///< 1 if it is k hops away
  double loss = 0;                ///< [nats] next-node loss, see next_node_loss
  double uniform_guess_loss = 0;  ///< [nats] the same for a uniform guess over the frontier
};

struct ProblemOutcome {
  std::int32_t problem = 0;
  std::int32_t hops = 0;
  std::int32_t equal_depth = 0;  ///< both candidates are equally deep below their sources
  std::int32_t correct = 0;      ///< argmax over the vocabulary is the target
  std::int32_t preferred = 0;    ///< the target's logit is above the other candidate's
  double loss = 0;               ///< [nats] cross-entropy of the target; NaN without an [A]
};

/// Outcomes of all problems by ascending problem, hops by ascending (problem, hop).
struct Outcomes {
  std::vector<ProblemOutcome> problems;
  std::vector<HopOutcome> hops;  ///< none for cot and no_cot
};

/// How a problem set is turned into sequences.
struct EvaluationSettings {
  data::MethodOptions method;
  std::uint64_t seed = 0;
  std::optional<int> n_latent;  ///< default: H * c_thought
  /// data::sequence_version that the model was trained by. A no_cot of version 1 is given its [A].
  int sequence_version = 2;
};

/// The expected loss of a stage's training label, given the log-probabilities of the vocabulary:
/// the mean of -log p over the nodes the method draws its label from, or for coconut_bfs_loss
/// -log of the candidate set's probability. 1 <= k <= H.
double next_node_loss(const std::vector<double>& log_p, const data::Problem& problem, int k,
                      const data::MethodOptions& method);

/// Evaluates without dropout, problems shared out over the ranks; the same result on every rank and
/// for every number of ranks. Collective. cot and no_cot decode greedily, and their answer is read
/// where they put the first `[A]`: without one it is wrong, neither candidate is preferred, and the
/// loss is NaN. The other methods are given their `[A]`. `activity`, if given, gets a sign of life
/// for every 32 problems.
Outcomes evaluate(model::Network<float>& model, const std::vector<data::Problem>& problems,
                  const EvaluationSettings& settings, const distributed::Communicator& communicator,
                  Activity* activity = nullptr);

}  // namespace superpose::train
