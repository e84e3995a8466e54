#pragma once
#include <vector>

#include "core/sequence.hpp"
#include "model/network.hpp"

namespace superpose::model {

/// Logits of the targets of a batch on the host, one vector [V] a target in PackedBatch::targets
/// order.
template <class T>
std::vector<std::vector<T>> target_logits(const Network<T>& model, const PackedBatch& batch);

/// What a model says after a prompt.
template <class T>
struct Continuation {
  std::vector<std::int32_t> tokens;
  /// [i] the logits [V] that token i was the largest of; one more than tokens if it stopped.
  std::vector<std::vector<T>> logits;
};

/// Greedy continuation of each prompt (token embeddings only, no thoughts): at most `max_tokens`
/// tokens, up to and without `stop_token`, and none after the last position the model has. Runs the
/// whole sequences again for every token, which is simple and fast enough for continuations of a
/// handful of tokens.
template <class T>
std::vector<Continuation<T>> decode_greedily(Network<T>& model, std::vector<Sequence> prompts,
                                             int max_tokens, std::int32_t stop_token);

}  // namespace superpose::model
