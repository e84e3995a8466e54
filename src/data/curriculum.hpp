#pragma once
/// Which stage an epoch trains (jobs/README.md, Methods and schedules).

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/options.hpp"
#include "data/problem.hpp"

namespace superpose::data {

/// What changed with the sequence_version of the method, in words.
std::string sequence_change(Method method);

/// Where a run stands in the curriculum; stored in every checkpoint.
struct CurriculumState {
  int stage = 0;
  int epochs_in_stage = 0;  ///< epochs completed in this stage
  int settled_epochs = 0;   ///< of these, the last ones in a row with a settled held-out loss
};

/// Records a completed epoch; true when it was the last of its stage and the next stage begins.
/// Stage 0 lasts first_stage_epochs, each later one epochs_per_stage, and max_latent_stage runs to
/// the end of the run. With StageEnd::settled a stage before the last also ends once
/// `excess_loss` <= settle_threshold for settle_patience epochs in a row.
///
/// `excess_loss` [nats] is the held-out next-node loss of the stage minus the mean of
/// uniform_guess_loss over the same problems. It is read only with StageEnd::settled; a NaN
/// counts as not settled.
bool end_epoch(CurriculumState& state, const CurriculumOptions& options, double excess_loss);

/// log |frontier[k]| [nats], 1 <= k <= eccentricity of the root: the cross-entropy, on one node of
/// the frontier, of a model that has found the nodes k hops away and not yet which of them lie on a
/// shortest path. Reaching it is the sign that a stage has been learned: the loss stays above it on
/// a long plateau and then drops at once, and a run that leaves the stage before that drop never
/// recovers, since every later thought is built on this one (README.md, Quickstart). Epoch counts
/// alone cannot tell: width, graph size and hops move the drop.
/// A loss on a whole candidate set (coconut_bfs_loss) is 0 under such a guess: compare single-node
/// cross-entropies only.
double uniform_guess_loss(const Problem& problem, int k);

}  // namespace superpose::data
