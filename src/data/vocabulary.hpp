#pragma once
/// The tokens of a problem (RECORDS.md, Tokens): n_symbols node names "0", "1", ..., then nine
/// special tokens. With 40 tokens the ids are those of the published tokenizer.

#include <cstdint>
#include <string>

namespace superpose::data {

constexpr int kSpecialTokens = 9;
constexpr int kPublishedVocabSize = 40;  ///< 31 node names; the smallest vocabulary

class Vocabulary {
 public:
  /// Error (usage) if vocab_size < 40.
  explicit Vocabulary(int vocab_size = kPublishedVocabSize);

  int size() const { return n_symbols_ + kSpecialTokens; }
  int n_symbols() const { return n_symbols_; }  ///< node i of a problem is token i < n_symbols

  std::int32_t start_latent() const { return n_symbols_; }    ///< <|start-latent|>; never written
  std::int32_t end_latent() const { return n_symbols_ + 1; }  ///< <|end-latent|>; never written
  std::int32_t latent() const { return n_symbols_ + 2; }      ///< <|latent|>
  std::int32_t bar() const { return n_symbols_ + 3; }         ///< |, the papers' <e>: ends an edge
  std::int32_t question() const { return n_symbols_ + 4; }    ///< [Q], the candidates follow
  std::int32_t root() const { return n_symbols_ + 5; }        ///< [R], the root follows
  std::int32_t answer() const { return n_symbols_ + 6; }      ///< [A], the answer follows
  std::int32_t eos() const { return n_symbols_ + 7; }         ///< <eos>, first and last token
  std::int32_t no_answer() const { return n_symbols_ + 8; }   ///< <|no-answer|>; never written

  /// Text of a token, 0 <= token < size().
  std::string name(std::int32_t token) const;

 private:
  int n_symbols_;
};

/// Tokens needed for problems of up to max_nodes nodes: 40 up to 31 nodes, max_nodes + 9 above.
int smallest_vocab_size(int max_nodes);

/// Error (data) if a problem of max_nodes nodes has more nodes than the vocabulary has names.
void check_fits(int max_nodes, const Vocabulary& vocabulary);

}  // namespace superpose::data
