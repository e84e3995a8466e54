#include "data/curriculum.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"

namespace superpose::data {

namespace {

int stage_epochs(const CurriculumOptions& options, int stage) {
  return stage == 0 ? options.first_stage_epochs : options.epochs_per_stage;
}

}  // namespace

std::string sequence_change(Method method) {
  if (method == Method::cot)
    return "the path is drawn anew in every epoch, hop by hop; before it was one a problem";
  if (method == Method::no_cot) return "[A] is supervised and generated; before it was given";
  return "nothing";
}

bool end_epoch(CurriculumState& state, const CurriculumOptions& options, double excess_loss) {
  ++state.epochs_in_stage;
  const bool settled_now =
      options.stage_end == StageEnd::settled && excess_loss <= options.settle_threshold;
  state.settled_epochs = settled_now ? state.settled_epochs + 1 : 0;
  if (state.stage >= options.max_latent_stage) return false;

  const bool settled = state.settled_epochs >= options.settle_patience;
  if (!settled && state.epochs_in_stage < stage_epochs(options, state.stage)) return false;
  state = CurriculumState{state.stage + 1, 0, 0};
  return true;
}

double uniform_guess_loss(const Problem& problem, int k) {
  SUPERPOSE_EXPECT(k >= 1 && k < static_cast<int>(problem.frontier.size()));
  return std::log(static_cast<double>(problem.frontier[static_cast<std::size_t>(k)].size()));
}

std::vector<FileVisits> visits_of(const std::vector<std::size_t>& sizes,
                                  const std::vector<double>& shares) {
  SUPERPOSE_EXPECT(shares.empty() || shares.size() == sizes.size());
  std::vector<FileVisits> files;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double share = shares.empty() ? 1 : shares[i];
    const auto visited = std::llround(share * static_cast<double>(sizes[i]));
    files.push_back({sizes[i], std::max<std::size_t>(1, static_cast<std::size_t>(visited))});
  }
  return files;
}

std::int64_t n_visited(const std::vector<FileVisits>& files) {
  return std::accumulate(
      files.begin(), files.end(), std::int64_t{0},
      [](auto sum, const auto& file) { return sum + static_cast<std::int64_t>(file.n_visited); });
}

std::vector<std::uint32_t> epoch_order(const std::vector<FileVisits>& files, std::uint64_t seed,
                                       std::uint64_t epoch) {
  std::vector<std::uint32_t> order;
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::vector<std::uint32_t> of_file(files[i].n_problems);
    std::iota(of_file.begin(), of_file.end(), first);
    first += static_cast<std::uint32_t>(of_file.size());
    if (files[i].n_visited < of_file.size())
      RandomStream(seed, Purpose::epoch_order, i + 1, epoch).shuffle(of_file);
    order.insert(order.end(), of_file.begin(),
                 of_file.begin() + static_cast<std::ptrdiff_t>(files[i].n_visited));
  }
  RandomStream(seed, Purpose::epoch_order, 0, epoch).shuffle(order);
  return order;
}

}  // namespace superpose::data
