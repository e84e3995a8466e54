#include "data/vocabulary.hpp"

#include <algorithm>
#include <array>

#include "core/error.hpp"

namespace superpose::data {

namespace {

constexpr std::array<const char*, kSpecialTokens> kSpecialNames = {
    "<|start-latent|>", "<|end-latent|>", "<|latent|>", "|", "[Q]", "[R]", "[A]", "<eos>",
    "<|no-answer|>"};

}  // namespace

Vocabulary::Vocabulary(int vocab_size) : n_symbols_(vocab_size - kSpecialTokens) {
  validate(
      vocab_size >= kPublishedVocabSize, ExitCode::usage,
      "model.vocab_size = {} is too small (node names and {} special tokens take at least {}); "
      "set it to {} or more",
      vocab_size, kSpecialTokens, kPublishedVocabSize, kPublishedVocabSize);
}

std::string Vocabulary::name(std::int32_t token) const {
  SUPERPOSE_EXPECT(token >= 0 && token < size());
  if (token < n_symbols_) return std::to_string(token);
  return kSpecialNames[static_cast<std::size_t>(token - n_symbols_)];
}

int smallest_vocab_size(int max_nodes) {
  return std::max(kPublishedVocabSize, max_nodes + kSpecialTokens);
}

void check_fits(int max_nodes, const Vocabulary& vocabulary) {
  validate(max_nodes <= vocabulary.n_symbols(), ExitCode::data,
           "a problem has {} nodes (model.vocab_size = {} has names for {}); "
           "use smaller problems, or a model of model.vocab_size = {} or more",
           max_nodes, vocabulary.size(), vocabulary.n_symbols(), smallest_vocab_size(max_nodes));
}

}  // namespace superpose::data
