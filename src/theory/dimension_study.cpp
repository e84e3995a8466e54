#include "theory/dimension_study.hpp"

#include <algorithm>

#include "theory/over_ranks.hpp"
#include "theory/random_graphs.hpp"
#include "theory/random_steps.hpp"

namespace superpose::theory {
namespace {

constexpr int smallest_doublings = 4;  ///< d from 16

/// Adds the cells of one growth; `factor` from one vocabulary to the next.
void add_cells(Growth growth, int factor, int largest, const DimensionOptions& options,
               std::vector<DimensionCell>& cells) {
  for (const auto protection : all_values<Protection>())
    for (int size = data::kPublishedVocabSize; size <= largest; size *= factor)
      for (int doublings = smallest_doublings; doublings <= options.doublings; ++doublings) {
        DimensionCell cell;
        cell.growth = growth;
        cell.protection = protection;
        cell.vocabulary = size;
        cell.nodes = growth == Growth::fixed ? options.nodes : data::Vocabulary(size).n_symbols();
        cell.d = std::int64_t{1} << doublings;
        cells.push_back(cell);
      }
}

}  // namespace

std::vector<DimensionCell> study_dimension(const DimensionOptions& options,
                                           const distributed::Communicator& world) {
  std::vector<DimensionCell> cells;
  add_cells(Growth::fixed, 4, options.largest, options, cells);
  add_cells(Growth::growing, 2, options.largest_growing, options, cells);
  const auto trials = static_cast<std::uint64_t>(options.trials);
  const auto results = over_ranks(world, cells.size() * trials, [&](std::uint64_t i) {
    const auto& cell = cells[i / trials];
    const auto problem = random_problem(options.seed, i % trials, cell.nodes, cell.nodes);
    return run_trial(problem, data::Vocabulary(cell.vocabulary), cell.protection, cell.d,
                     RandomStream(options.seed, Purpose::theory, i, random_step::embedding));
  });
  for (std::size_t i = 0; i < results.size(); ++i) {
    auto& cell = cells[i / trials];
    for (int stage = 0; stage < n_stages; ++stage) cell.right[stage] += results[i][stage];
    cell.all += *std::min_element(results[i].begin(), results[i].end());
  }
  return cells;
}

}  // namespace superpose::theory
