#pragma once
/// Sequence: one problem turned into tokens. The border between data (which makes sequences) and
/// model (which packs them into rows); neither knows the other.

#include <cstdint>
#include <vector>

namespace superpose {

/// A position whose next-token logits are wanted. The loss there is
///   -log sum_{v in labels} softmax(logits)_v,
/// which is cross-entropy for one label and the BFS loss of EoS App. E.2 for a candidate set.
/// With no labels the logits are computed and no loss is taken (evaluation).
struct Target {
  std::int32_t position = 0;
  std::vector<std::int32_t> labels;
};

/// Tokens of one problem: prompt, latent tokens, and what follows them.
struct Sequence {
  std::uint64_t problem = 0;         ///< index in its file; keys the dropout randomness
  std::vector<std::int32_t> tokens;  ///< all positions, latent tokens included
  std::int32_t latent_begin = 0;     ///< position of the first latent token
  std::int32_t n_latent = 0;         ///< latent tokens are consecutive
  bool feed_back = true;             ///< true: latents are continuous thoughts (Coconut);
                                     ///< false: one pass over token embeddings (cot, no_cot, pause)
  std::vector<Target> targets;       ///< by ascending position
};

}  // namespace superpose
