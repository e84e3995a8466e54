#pragma once
/// The vocabulary as files of Hugging Face's tokenizers: words between blanks, one token each.

#include <string>

#include "data/vocabulary.hpp"

namespace superpose::exchange {

/// tokenizer.json: the tokens by name, `<eos>` special. A word that is no token is an error there.
std::string tokenizer_json(const data::Vocabulary& vocabulary);

/// tokenizer_config.json, by which transformers.AutoTokenizer finds the class.
std::string tokenizer_config_json(const data::Vocabulary& vocabulary, int n_positions);

/// Error (checkpoint) unless the text, a tokenizer.json or a vocab.json (an object of tokens and
/// their numbers), has the tokens of superpose's vocabulary of this size under the same numbers.
void require_vocabulary(const std::string& text, const std::string& source, int vocab_size);

}  // namespace superpose::exchange
