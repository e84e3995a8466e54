#include "analysis/probe.hpp"

#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "core/progress_bar.hpp"

namespace superpose::analysis {
namespace {

constexpr int chunk_size = 32;

/// Adds the chunks' sums of all ranks in the order of the chunks, so that the sums do not depend on
/// the number of ranks. mine: this rank's, round after round, n_values each.
void add_in_order(const distributed::Communicator& communicator, const std::vector<Moments>& mine,
                  std::size_t n_values, GroupedStatistics& total) {
  const auto counts = communicator.allgather(static_cast<int>(mine.size()));
  std::vector<std::size_t> begin{0};
  for (const int count : counts) begin.push_back(begin.back() + static_cast<std::size_t>(count));
  std::vector<Moments> all(begin.back());
  communicator.allgather_blocks(mine.data(), all.data(), counts, sizeof(Moments));
  const std::size_t n_ranks = counts.size(), n_chunks = all.size() / n_values;
  for (std::size_t chunk = 0; chunk < n_chunks; ++chunk) {
    const auto first =
        all.begin() + static_cast<long>(begin[chunk % n_ranks] + chunk / n_ranks * n_values);
    total.add(std::vector<Moments>(first, first + static_cast<long>(n_values)));
  }
}

}  // namespace

std::vector<std::vector<Chunk>> rounds_of(int n_problems, int n_ranks) {
  std::vector<std::vector<Chunk>> rounds;
  for (int begin = 0; begin < n_problems; begin += chunk_size) {
    if (rounds.empty() || static_cast<int>(rounds.back().size()) == n_ranks) rounds.emplace_back();
    rounds.back().push_back({begin, std::min(n_problems, begin + chunk_size)});
  }
  return rounds;
}

std::vector<ProbedProblem> probed_problems(const std::vector<data::Problem>& problems, Chunk chunk,
                                           const data::Vocabulary& vocabulary,
                                           const ProbeSettings& settings,
                                           std::vector<Sequence>& sequences) {
  std::vector<ProbedProblem> probed;
  for (int i = chunk.begin; i < chunk.end; ++i) {
    const auto& problem = problems[i];
    auto sequence = probe_sequence(problem, static_cast<std::uint64_t>(i), settings.method,
                                   vocabulary, settings.seed);
    probed.push_back({i, &problem, sequence.positions, SearchState(problem)});
    sequences.push_back(std::move(sequence.sequence));
  }
  return probed;
}

namespace {

/// The problem with its edges in this order; shuffled: as it was probed.
data::Problem ordered(const ProbedProblem& probed, EdgeOrder order) {
  data::Problem problem = *probed.problem;
  if (order == EdgeOrder::shuffled) problem.graph.edges = probed.positions.edges;
  return problem;
}

/// What EoS's script measures the growth on (growth_sequence), of problems that were probed.
ProbedBatch growth_batch(model::Network<float>& model, const std::vector<ProbedProblem>& problems,
                         EdgeOrder order, const data::MethodOptions& method, int n_growth) {
  const data::Vocabulary vocabulary(model.options().vocab_size);
  std::vector<ProbedProblem> probed;
  std::vector<Sequence> sequences;
  for (const auto& of : problems) {
    auto sequence = growth_sequence(ordered(of, order), static_cast<std::uint64_t>(of.index),
                                    n_growth, method, vocabulary, model.options().n_positions);
    probed.push_back(
        {of.index, of.problem, sequence.positions, SearchState(*of.problem, n_growth)});
    sequences.push_back(std::move(sequence.sequence));
  }
  return ProbedBatch(model, std::move(probed), sequences);
}

}  // namespace

int most_hops(const std::vector<data::Problem>& problems) {
  int most = 0;
  for (const auto& problem : problems) most = std::max(most, problem.hops);
  return most;
}

GroupedStatistics probe(model::Network<float>& model, const std::vector<data::Problem>& problems,
                        const ProbeSettings& settings,
                        const distributed::Communicator& communicator,
                        const RoundListener& listener) {
  const data::Vocabulary vocabulary(model.options().vocab_size);
  const ProbeShape shape{model.options().n_layer, model.options().n_head,
                         settings.n_thoughts > 0 ? settings.n_thoughts : most_hops(problems)};
  const auto rank = static_cast<std::size_t>(communicator.rank());
  GroupedStatistics total(shape);
  std::vector<Moments> mine;
  const auto rounds = rounds_of(static_cast<int>(problems.size()), communicator.size());
  ProgressBar bar("probe", static_cast<std::int64_t>(rounds.size()));
  for (const auto& round : rounds) {
    if (rank >= round.size()) {
      if (listener) listener(nullptr);
      continue;
    }
    std::vector<Sequence> sequences;
    auto probed = probed_problems(problems, round[rank], vocabulary, settings, sequences);
    const ProbedBatch batch(model, std::move(probed), sequences);
    GroupedStatistics of_chunk(shape);
    of_chunk.add(batch);
    for (const EdgeOrder order : all_values<EdgeOrder>())
      of_chunk.add_growth(
          growth_batch(model, batch.problems(), order, settings.method, shape.n_growth()), order);
    const auto moments = of_chunk.moments();
    mine.insert(mine.end(), moments.begin(), moments.end());
    if (listener) listener(&batch);
    bar.advance();
  }
  add_in_order(communicator, mine, total.moments().size(), total);
  return total;
}

}  // namespace superpose::analysis
