#include "exchange/model_config.hpp"

#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "data/vocabulary.hpp"
#include "io/foreign_file.hpp"

namespace superpose::exchange {

using io::Json;

namespace {

using nlohmann::json;

constexpr int most_nested = 16;
constexpr const char* tied_key = "tie_word_embeddings";

constexpr std::array integers = {"vocab_size", "n_positions", "n_embd", "n_layer", "n_head"};
constexpr std::array numbers = {"embd_pdrop", "attn_pdrop", "resid_pdrop", "layer_norm_epsilon",
                                "initializer_range"};

/// Error (checkpoint) that the file tells of a model that superpose does not compute.
template <class... Args>
void require(bool holds, const std::string& source, fmt::format_string<Args...> format,
             Args&&... args) {
  if (!holds)
    fail(ExitCode::checkpoint, "{} cannot be used ({})", source,
         fmt::format(format, std::forward<Args>(args)...));
}

/// Settings that GPT2Config has and this program has not: with these values it computes the same.
void require_supported(const json& config, const std::string& source) {
  const std::initializer_list<std::pair<const char*, json>> supported = {
      {"model_type", "gpt2"},
      {"activation_function", "gelu_new"},
      {"scale_attn_weights", true},
      {"scale_attn_by_inverse_layer_idx", false},
      {"add_cross_attention", false}};
  for (const auto& [key, value] : supported)
    require(!config.contains(key) || config.at(key) == value, source,
            "{} is {}; superpose computes {}", key, config.value(key, json()).dump(), value.dump());
  const auto inner = config.value("n_inner", json()), n_embd = config.value("n_embd", json());
  const bool four_times = inner.is_number_unsigned() && n_embd.is_number_unsigned() &&
                          inner.get<std::uint64_t>() % 4 == 0 &&
                          inner.get<std::uint64_t>() / 4 == n_embd.get<std::uint64_t>();
  require(inner.is_null() || four_times, source, "n_inner is {}; superpose computes 4 n_embd",
          inner.dump());
}

/// A member that is a text; "" if there is none.
std::string text_in(const json& object, const char* key, const std::string& source) {
  const auto value = object.value(key, json(""));
  require(value.is_string(), source, "superpose.{} is no text", key);
  return value.get<std::string>();
}

void read_provenance(const json& superpose, const std::string& source, ForeignConfig& config) {
  require(superpose.is_object(), source, "superpose is no object");
  config.configuration = text_in(superpose, "configuration", source);
  const auto version = superpose.value("sequence_version", json(0));
  require(version.is_number_unsigned() && version <= 1000, source,
          "superpose.sequence_version is {}", version.dump());
  config.sequence_version = version.get<std::int64_t>();
  const auto hashes = superpose.value("data_hashes", json::object());
  require(hashes.is_object(), source, "superpose.data_hashes is no object");
  for (const auto& item : hashes.items())
    config.data_hashes[item.key()] = text_in(hashes, item.key().c_str(), source);
}

}  // namespace

Json model_config(const model::Gpt2Options& options) {
  const auto eos = data::Vocabulary(options.vocab_size).eos();
  return {{"architectures", {"GPT2LMHeadModel"}},
          {"model_type", "gpt2"},
          {"torch_dtype", "float32"},
          {"vocab_size", options.vocab_size},
          {"n_positions", options.n_positions},
          {"n_ctx", options.n_positions},
          {"n_embd", options.n_embd},
          {"n_layer", options.n_layer},
          {"n_head", options.n_head},
          {"n_inner", nullptr},
          {"activation_function", "gelu_new"},
          {"embd_pdrop", options.embd_pdrop},
          {"attn_pdrop", options.attn_pdrop},
          {"resid_pdrop", options.resid_pdrop},
          {"layer_norm_epsilon", options.layer_norm_epsilon},
          {"initializer_range", options.initializer_range},
          {"scale_attn_weights", true},
          {"scale_attn_by_inverse_layer_idx", false},
          {"tie_word_embeddings", options.tied},
          {"bos_token_id", eos},
          {"eos_token_id", eos},
          {"pad_token_id", eos},
          {"use_cache", true}};
}

ForeignConfig read_model_config(const std::string& text, const std::string& source) {
  const auto json = io::parse_foreign_json(text, source, most_nested, ExitCode::checkpoint);
  require(json.is_object(), source, "it is no JSON object");
  require_supported(json, source);
  ForeignConfig config;
  const auto take = [&](const char* key, bool right, const char* kind) {
    require(right, source, "{} is {}, no {}", key, json.at(key).dump(), kind);
    config.settings[fmt::format("model.{}", key)] = json.at(key).dump();
  };
  for (const char* key : integers)
    if (json.contains(key)) take(key, json.at(key).is_number_unsigned(), "positive integer");
  for (const char* key : numbers)
    if (json.contains(key)) take(key, json.at(key).is_number(), "number");
  const auto tied = json.value(tied_key, nlohmann::json(true));  // as in transformers
  require(tied.is_boolean(), source, "{} is {}, not true or false", tied_key, tied.dump());
  config.settings["model.tied"] = tied.dump();
  if (json.contains("superpose")) read_provenance(json.at("superpose"), source, config);
  return config;
}

}  // namespace superpose::exchange
