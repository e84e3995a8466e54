#include "exchange/tokenizer.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "io/foreign_file.hpp"
#include "io/json_file.hpp"

namespace superpose::exchange {
namespace {

using io::Json;

Json special_token(const data::Vocabulary& vocabulary, std::int32_t token) {
  return {{"id", token},          {"content", vocabulary.name(token)},
          {"single_word", false}, {"lstrip", false},
          {"rstrip", false},      {"normalized", false},
          {"special", true}};
}

using nlohmann::json;

constexpr int most_nested = 32;

/// Tokens by their numbers, as a file tells them.
class ForeignTokens {
 public:
  ForeignTokens(std::string source, int size)
      : source_(std::move(source)), names_(static_cast<std::size_t>(size)) {}

  void add(const std::string& name, const json& token) {
    validate(token.is_number_unsigned() && token < names_.size(), ExitCode::checkpoint,
             "{}: token '{}' has the number {} (the model has {} tokens)", source_, name,
             token.dump(), names_.size());
    auto& place = names_[token.get<std::size_t>()];
    validate(!place || *place == name, ExitCode::checkpoint,
             "{}: tokens '{}' and '{}' have the same number {}", source_, place.value_or(""), name,
             token.dump());
    place = name;
  }

  void require_same(const data::Vocabulary& vocabulary) const {
    for (std::int32_t token = 0; token < vocabulary.size(); ++token) {
      const auto& name = names_[static_cast<std::size_t>(token)];
      validate(name == vocabulary.name(token), ExitCode::checkpoint,
               "{}: token {} is {}, in superpose's vocabulary of {} tokens it is '{}' (weights of "
               "another vocabulary cannot be used)",
               source_, token, name ? "'" + *name + "'" : "not there", vocabulary.size(),
               vocabulary.name(token));
    }
  }

 private:
  std::string source_;
  std::vector<std::optional<std::string>> names_;
};

/// The object of tokens and numbers in a tokenizer.json, or a vocab.json itself.
json vocabulary_in(const json& file, const std::string& source) {
  const bool whole = file.is_object() && file.contains("model") && file.at("model").is_object();
  auto tokens = whole ? file.at("model").value("vocab", json()) : file;
  validate(
      tokens.is_object(), ExitCode::checkpoint,
      "{} has no vocabulary (a tokenizer.json has the object model.vocab, a vocab.json is one)",
      source);
  return tokens;
}

/// Tokens that a tokenizer.json adds to its vocabulary.
void add_added(const json& file, const std::string& source, ForeignTokens& tokens) {
  for (const auto& added : file.value("added_tokens", json::array())) {
    const bool whole = added.is_object() && added.contains("id") && added.contains("content") &&
                       added.at("content").is_string();
    validate(whole, ExitCode::checkpoint, "{}: one of added_tokens is no token", source);
    tokens.add(added.at("content").get<std::string>(), added.at("id"));
  }
}

}  // namespace

std::string tokenizer_json(const data::Vocabulary& vocabulary) {
  Json tokens = Json::object();
  for (std::int32_t token = 0; token < vocabulary.size(); ++token)
    tokens[vocabulary.name(token)] = token;
  const Json json{{"version", "1.0"},
                  {"truncation", nullptr},
                  {"padding", nullptr},
                  {"added_tokens", Json::array({special_token(vocabulary, vocabulary.eos())})},
                  {"normalizer", nullptr},
                  {"pre_tokenizer", {{"type", "WhitespaceSplit"}}},
                  {"post_processor", nullptr},
                  {"decoder", nullptr},
                  // No token is called <unk>: a word that is none is refused.
                  {"model", {{"type", "WordLevel"}, {"vocab", tokens}, {"unk_token", "<unk>"}}}};
  return io::to_text(json) + "\n";
}

std::string tokenizer_config_json(const data::Vocabulary& vocabulary, int n_positions) {
  const auto eos = vocabulary.name(vocabulary.eos());
  const Json json{{"tokenizer_class", "PreTrainedTokenizerFast"},
                  {"model_max_length", n_positions},
                  {"bos_token", eos},
                  {"eos_token", eos},
                  {"pad_token", eos},
                  {"clean_up_tokenization_spaces", false}};
  return io::to_text(json) + "\n";
}

void require_vocabulary(const std::string& text, const std::string& source, int vocab_size) {
  const auto file = io::parse_foreign_json(text, source, most_nested, ExitCode::checkpoint);
  ForeignTokens tokens(source, vocab_size);
  const auto vocabulary = vocabulary_in(file, source);
  for (const auto& item : vocabulary.items()) tokens.add(item.key(), item.value());
  if (file.contains("model")) add_added(file, source, tokens);
  tokens.require_same(data::Vocabulary(vocab_size));
}

}  // namespace superpose::exchange
