#pragma once
/// What a user can set about problems and how they are turned into training text.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/enum_names.hpp"
#include "core/int_range.hpp"

namespace superpose::data {

/// `superpose generate` (RECORDS.md, Generator). Defaults are those of the published data.
struct GeneratorOptions {
  int count = 1000;  ///< problems to write
  std::uint64_t seed = 0;
  IntRange n_nodes = 28;  ///< N: nodes drawn before isolated ones are dropped; drawn a problem
  int min_hops = 3;
  int max_hops = 4;
  double parents_mean = 1.5;   ///< LAMBDA of the Poisson number of parents
  double side0 = 0.35;         ///< P0: probability of drawing parents from root 0's side
  double side1 = 0.45;         ///< P1: the same for root 1's side; the rest draws from all nodes
  double depth_gain = 1.5;     ///< GAIN: weight of a parent is GAIN * depth + 1
  bool shuffle_nodes = false;  ///< permute node ids (the published *_shuffled files)
  bool match_depth = false;    ///< neg_target exactly as deep below the other root as the target
};

/// The six training methods (jobs/README.md, Configuration; RECORDS.md, Tokens).
enum class Method { coconut, coconut_bfs_sample, coconut_bfs_loss, cot, no_cot, pause };

constexpr std::array<const char*, 6> names_of(Method) {
  return {"coconut", "coconut_bfs_sample", "coconut_bfs_loss", "cot", "no_cot", "pause"};
}

/// Whether the method has latent tokens and therefore stages: all but cot and no_cot.
constexpr bool has_stages(Method method) {
  return method != Method::cot && method != Method::no_cot;
}

/// Versions of the rule by which a method turns problems into sequences, in the order of Method:
/// runs of another version have other bits, and are not continued. At 2 are cot, which drew one
/// path a problem, uniformly over paths, and no_cot, which was given [A] instead of having to
/// generate it.
inline constexpr std::array<int, 6> sequence_versions = {1, 1, 1, 2, 2, 1};
constexpr int sequence_version(Method method) {
  return sequence_versions[static_cast<std::size_t>(method)];
}

/// Which hops of a sequence have labels (methods with stages).
enum class Supervision {
  last,  ///< the hop that its stage trains, as in the papers
  all,   ///< every earlier hop too, each before its latent tokens: not the papers' loss
};
constexpr std::array<const char*, 2> names_of(Supervision) {
  return {"last", "all"};
}

/// How one problem becomes one training sequence in one epoch.
struct MethodOptions {
  Method name = Method::coconut;
  bool exact_frontier = false;  ///< coconut_bfs_loss: candidates exactly k hops away, not within k
  Supervision supervise = Supervision::last;
  int c_thought = 1;          ///< latent tokens per hop
  double uniform_prob = 0.1;  ///< probability that a problem's stage is drawn from 0..min(s, H)
  std::vector<double> uniform_prob_by_stage;  ///< in its place if not empty (core/by_stage.hpp)
  bool shuffle_nodes = false;                 ///< permute node ids in every epoch (EoS); off in RbS
  bool last_edge_bar = false;  ///< write `|` after the last edge too (the papers' text)
};

/// When a stage before the last ends.
enum class StageEnd {
  epochs,   ///< after its epochs
  settled,  ///< or earlier, once its held-out loss has settled
};
constexpr std::array<const char*, 2> names_of(StageEnd) {
  return {"epochs", "settled"};
}

/// When stages begin and end.
struct CurriculumOptions {
  int max_latent_stage = 4;     ///< last stage
  int first_stage_epochs = 25;  ///< epochs of stage 0 (at most, with StageEnd::settled)
  int epochs_per_stage = 25;    ///< epochs of each later stage but the last (likewise)
  StageEnd stage_end = StageEnd::epochs;
  double settle_threshold =
      0.1;                  ///< nats above a uniform guess over the frontier that count as settled
  int settle_patience = 2;  ///< epochs in a row below the threshold
  bool reset_optimizer = false;  ///< forget the optimizer's moments when a stage begins
};

/// The parts of the files that the epochs of a run visit.
struct SharePlan {
  std::vector<double> shares;        ///< of each file, (0,1]; empty: all of all files
  std::vector<double> later_shares;  ///< the same from epoch later_from on; empty: no others
  std::int64_t later_from = 0;       ///< 0-based
};

}  // namespace superpose::data
