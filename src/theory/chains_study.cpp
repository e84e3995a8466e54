#include "theory/chains_study.hpp"

#include "theory/construct_study.hpp"
#include "theory/over_ranks.hpp"
#include "theory/random_graphs.hpp"
#include "theory/random_steps.hpp"

namespace superpose::theory {
namespace {

/// What all problems share.
struct Setting {
  data::Vocabulary vocabulary;
  Construction<double> construction;
  std::uint64_t seed;
  int draws;
};

/// Thoughts until the answer is right; -1 if it is not after the diameter's.
std::int64_t superposition_steps(Construction<double>& construction,
                                 const data::Vocabulary& vocabulary, const data::Problem& problem,
                                 std::int64_t diameter) {
  for (std::int64_t c = 0; c <= diameter; ++c) {
    if (named_candidate(construction, vocabulary) == problem.target) return c;
    construction.append(construction.output().thought);
  }
  return -1;
}

ChainCounts count_chains(const NodeThoughts& thoughts, const data::Problem& problem,
                         Decoding decoding, std::int64_t diameter, RandomStream random, int draws) {
  ChainCounts counts;
  double until_named = 0, all = 0;
  for (int i = 0; i < draws; ++i) {
    const auto chain = run_chain(thoughts, problem, decoding, random);
    ++counts.ended[static_cast<std::size_t>(chain.end)];
    const bool named = chain.end == ChainEnd::named;
    counts.within_diameter += named && chain.steps <= diameter;
    until_named += named ? static_cast<double>(chain.steps) : 0;
    all += static_cast<double>(chain.steps);
  }
  counts.steps_named = until_named / static_cast<double>(counts.of(ChainEnd::named));
  counts.steps = all / draws;
  return counts;
}

ChainsResult compare(Setting& setting, const data::Problem& problem, std::uint64_t index) {
  auto& construction = setting.construction;
  const auto begin = [&] {
    construction.clear();
    for (const auto token : prompt_of(problem, setting.vocabulary, setting.seed, index))
      construction.append(token);
  };
  ChainsResult result;
  result.n_nodes = problem.graph.n_nodes;
  result.n_edges = static_cast<std::int64_t>(problem.graph.edges.size());
  result.diameter = diameter(problem.graph);
  result.hops = problem.hops;
  begin();
  result.superposition =
      superposition_steps(construction, setting.vocabulary, problem, result.diameter);
  begin();
  const auto thoughts = node_thoughts(construction, setting.vocabulary, problem);
  for (const auto decoding : all_values<Decoding>()) {
    const auto i = index_of(decoding);
    result.chains[i] = count_chains(
        thoughts, problem, decoding, result.diameter,
        RandomStream(setting.seed, Purpose::theory, index, random_step::chains(i)), setting.draws);
  }
  return result;
}

}  // namespace

std::vector<ChainsResult> study_chains(const ChainsOptions& options, const ProblemSet& set,
                                       const distributed::Communicator& world) {
  constexpr int beyond = 1;  // a token after the diameter's, which may be 0
  const auto sizes = common_sizes(set, beyond, world);
  const data::Vocabulary vocabulary(data::smallest_vocab_size(sizes.n_max));
  const auto constants = choose_constants(options.construct.encoding, sizes);
  Setting setting{vocabulary, Construction<double>(constants, vocabulary), options.construct.seed,
                  options.draws};
  return over_ranks(world, set.count,
                    [&](std::uint64_t i) { return compare(setting, set.at(i), i); });
}

}  // namespace superpose::theory
