#pragma once
/// One problem turned into the tokens of one training or evaluation sequence (RECORDS.md, Tokens;
/// methods: RbS, arXiv 2505.12514, Section 5, and EoS, arXiv 2509.23365).
///
/// A sequence holds the positions the model has to compute and no more: a label that nothing
/// follows is in Target.labels only, not in Sequence.tokens. (The published code appends it as one
/// more input, which changes no loss.)

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/random.hpp"
#include "core/sequence.hpp"
#include "data/options.hpp"
#include "data/problem.hpp"
#include "data/vocabulary.hpp"

namespace superpose::data {

/// What is drawn about a prompt.
struct Layout {
  std::vector<std::array<int, 2>> edges;  ///< all edges {parent, child}, in the order of the text
  bool target_first = true;               ///< order of the candidates
  std::vector<int> token_of_node;         ///< [n_nodes] a permutation of 0..n_nodes-1
};

/// The sequence `index` of the problem file gives in an epoch that trains `stage` >= 0, by the
/// method of `options` (H = problem.hops, k = min(stage, H) + 1):
///   coconut, pause      k <= H: prompt, (k-1) c_thought latents; label one node of optimal[k]
///   coconut_bfs_sample  the same with a node of frontier[k]
///   coconut_bfs_loss    the same with all nodes within k hops (frontier[k] with exact_frontier)
///   all four            k = H+1: prompt, H c_thought latents, [A]; label target. With
///                       Supervision::all also, for each hop j < k, the label of hop j at the
///                       position before its latents, (j-1) c_thought after the prompt's last
///   cot                 prompt, nodes of a shortest path after the root, [A], target, <eos>; a
///                       label for every token after the prompt. `stage` is not read
///   no_cot              prompt, [A], target, <eos>; likewise. `stage` is not read
///
/// All draws come from RandomStream(seed, Purpose::expand, index, epoch), so a sequence depends
/// neither on the rank nor on other problems. Their order is part of the reproducibility of runs
/// and fixed: (1) order of the edges, (2) order of the candidates, (3) ids, with shuffle_nodes,
/// (4) whether the stage is drawn and (5) which, (6) the label, (7) with Supervision::all the
/// labels of the earlier hops in ascending order. The prompt is therefore the same for every method
/// and stage. cot has no (4) and (5); its (6) is the path, hop by hop: after each node one of its
/// children in the next optimal set, uniformly. (So a path is not uniform over paths, as in the
/// published code.) A change of any of this is a new data::sequence_version.
Sequence expand(const Problem& problem, std::uint64_t index, int stage, std::uint64_t epoch,
                const MethodOptions& options, const Vocabulary& vocabulary, std::uint64_t seed);

struct EvaluationSequence {
  Sequence sequence;
  std::vector<int> token_of_node;  ///< [n_nodes]; the identity: ids as in the file
};

/// The sequence on which problem `index` is evaluated. Targets carry no labels:
///   methods with stages  prompt, n_latent latents, [A]. targets[j] for j = 0..n_latent/c_thought
///                        follows j hops of thought (j = 0 is the last prompt position) and
///                        predicts the node of hop j+1; the target after them is [A], the answer
///   cot, no_cot          prompt; one target at its end, from which decoding goes on
/// n_latent defaults to H c_thought. Error (usage) if it is given for cot or no_cot.
/// Edge and candidate order are drawn from RandomStream(seed, Purpose::evaluate, index), in that
/// order, and are the same in every evaluation.
EvaluationSequence evaluation_sequence(const Problem& problem, std::uint64_t index,
                                       std::optional<int> n_latent, const MethodOptions& options,
                                       const Vocabulary& vocabulary, std::uint64_t seed);

/// `<eos> s t | ... | s t [Q] c1 c2 [R] root`; with last_edge_bar a `|` before [Q] too. The
/// sequence has no latents and no targets yet; latent_begin is the length of the prompt.
Sequence prompt_sequence(const Problem& problem, std::uint64_t index, const Layout& layout,
                         const MethodOptions& options, const Vocabulary& vocabulary);

/// Appends to a prompt what stage k-1 trains, 1 <= k <= H+1 (methods with stages); `stream` draws
/// the label.
void append_hop(Sequence& sequence, const Problem& problem, const Layout& layout, int k,
                const MethodOptions& options, const Vocabulary& vocabulary, RandomStream& stream);

/// The largest number of positions of any training sequence, or evaluation sequence with the
/// default number of latents or with n_latent, whichever is more.
int longest_sequence(const std::vector<Problem>& problems, const MethodOptions& options,
                     std::optional<int> n_latent = std::nullopt);

/// Error (data) if sequences of `longest` positions exceed model.n_positions.
void check_fits_positions(int longest, int n_positions);

}  // namespace superpose::data
