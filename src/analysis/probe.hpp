#pragma once
/// Measures a model on a problem set, problems shared out over the ranks.

#include <cstdint>
#include <functional>
#include <vector>

#include "analysis/grouped_statistics.hpp"
#include "data/options.hpp"
#include "data/problem.hpp"
#include "distributed/communicator.hpp"
#include "model/network.hpp"

namespace superpose::analysis {

/// How a problem set is turned into sequences and groups.
struct ProbeSettings {
  data::MethodOptions method;
  std::uint64_t seed = 0;
  int n_thoughts = 0;  ///< extent of the statistics by thought; 0: most hops of the problems
};

/// Consecutive problems [begin, end) that one rank runs in one forward pass.
struct Chunk {
  int begin, end;
};

/// The chunks of a problem set in rounds: in each, a rank has one or none. Their size is fixed,
/// because the size of a matrix product can change its bits.
std::vector<std::vector<Chunk>> rounds_of(int n_problems, int n_ranks);

/// Problems of a chunk, ready to be probed.
std::vector<ProbedProblem> probed_problems(const std::vector<data::Problem>& problems, Chunk chunk,
                                           const data::Vocabulary& vocabulary,
                                           const ProbeSettings& settings,
                                           std::vector<Sequence>& sequences);

/// Told of each round by every rank, with the rank's batch, or null if it has none: the place to
/// keep raw values, collectively.
using RoundListener = std::function<void(const ProbedBatch* batch)>;

/// Largest number of hops.
int most_hops(const std::vector<data::Problem>& problems);

/// Statistics of all problems; the same on every rank and, bit for bit, for every number of ranks.
/// Collective. Error (usage) for a method without latent tokens.
GroupedStatistics probe(model::Network<float>& model, const std::vector<data::Problem>& problems,
                        const ProbeSettings& settings,
                        const distributed::Communicator& communicator,
                        const RoundListener& listener = nullptr);

}  // namespace superpose::analysis
