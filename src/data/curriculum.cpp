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

}  // namespace superpose::data
