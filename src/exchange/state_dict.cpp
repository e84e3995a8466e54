#include "exchange/state_dict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "model/parameters.hpp"

namespace superpose::exchange {
namespace {

constexpr const char* embedding = "wte.weight";
constexpr const char* positions = "wpe.weight";
constexpr const char* output_matrix = "lm_head.weight";
constexpr const char* second_embedding = "embedding.weight";  ///< of the published Coconut module

/// Parts of a name that say how a model was wrapped, anywhere in it.
constexpr std::array wrappers = {"module", "_orig_mod", "_fsdp_wrapped_module",
                                 "_checkpoint_wrapped_module"};
/// Modules that hold the parameters, at its beginning.
constexpr std::array holders = {"base_causallm", "transformer"};
/// The causal mask and its filler, once kept with the weights.
constexpr std::array buffers = {".attn.bias", ".attn.masked_bias"};

template <class List>
bool is_in(const List& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_buffer(const std::string& name) {
  return std::any_of(buffers.begin(), buffers.end(), [&](const std::string& end) {
    return name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  });
}

/// "module.base_causallm.transformer.h.0.ln_1.bias" -> "h.0.ln_1.bias".
std::string parameter_name(const std::string& name) {
  std::string found;
  for (std::size_t begin = 0; begin <= name.size();) {
    const auto end = std::min(name.find('.', begin), name.size());
    const auto part = name.substr(begin, end - begin);
    const bool outside = is_in(wrappers, part) || (found.empty() && is_in(holders, part));
    if (!outside) found += (found.empty() ? "" : ".") + part;
    begin = end + 1;
  }
  return found;
}

/// An extent of a matrix.
int extent(const io::SafetensorsEntry& entry, std::size_t dimension, const std::string& source) {
  validate(entry.shape.size() == 2 && entry.shape[dimension] > 0 &&
               entry.shape[dimension] <= std::size_t{std::numeric_limits<int>::max()},
           ExitCode::checkpoint, "{}: tensor {} of shape [{}] is no embedding matrix of a GPT-2",
           source, entry.name, fmt::join(entry.shape, ", "));
  return static_cast<int>(entry.shape[dimension]);
}

}  // namespace

StateDict::StateDict(const io::Safetensors& file) : file_(file) {
  for (const auto& entry : file.entries()) {
    const auto name = parameter_name(entry.name);
    if (is_buffer(name)) continue;
    const auto [place, is_new] = entries_.emplace(name, &entry);
    validate(is_new, ExitCode::checkpoint,
             "{}: tensors {} and {} are one parameter ({}); keep one of them", file.source(),
             place->second->name, entry.name, name);
  }
}

const io::SafetensorsEntry& StateDict::need(const std::string& name) const {
  const auto found = entries_.find(name);
  validate(found != entries_.end(), ExitCode::checkpoint,
           "{} has no parameter {} (it is no GPT-2, or not all of one)", file_.source(), name);
  return *found->second;
}

bool StateDict::same(const char* a, const char* b) const {
  const auto &first = need(a), &second = need(b);
  return first.dtype == second.dtype && first.shape == second.shape &&
         file_.same_bytes(first, second);
}

model::Gpt2Options StateDict::shape() const {
  model::Gpt2Options options;
  const auto& source = file_.source();
  options.vocab_size = extent(need(embedding), 0, source);
  options.n_embd = extent(need(embedding), 1, source);
  options.n_positions = extent(need(positions), 0, source);
  options.n_layer = 0;
  while (entries_.count(fmt::format("h.{}.ln_1.weight", options.n_layer)) > 0) ++options.n_layer;
  options.tied = entries_.count(output_matrix) == 0 || same(output_matrix, embedding);
  return options;
}

void StateDict::require_same_embedding(const char* name) const {
  if (entries_.count(name) > 0)
    validate(same(name, embedding), ExitCode::checkpoint,
             "{}: {} is not the embedding matrix {} (in this model they are one)", file_.source(),
             need(name).name, need(embedding).name);
}

std::vector<float> StateDict::parameters(const model::Gpt2Options& options) const {
  const auto list = model::parameter_list(options);
  auto rest = entries_;
  for (const auto& info : list) {
    const auto& entry = need(info.name);
    validate(entry.shape == info.shape, ExitCode::checkpoint,
             "{}: tensor {} has the shape [{}], not [{}] (of {} layers and n_embd {})",
             file_.source(), entry.name, fmt::join(entry.shape, ", "), fmt::join(info.shape, ", "),
             options.n_layer, options.n_embd);
    rest.erase(info.name);
  }
  require_same_embedding(second_embedding);
  if (options.tied) require_same_embedding(output_matrix);
  rest.erase(second_embedding);
  rest.erase(output_matrix);
  validate(rest.empty(), ExitCode::checkpoint,
           "{}: tensor {} is no parameter of a GPT-2 of {} layers (superpose would lose it)",
           file_.source(), rest.empty() ? "" : rest.begin()->second->name, options.n_layer);
  std::vector<float> flat(model::flat_size(list));
  for (const auto& info : list) {
    const auto values = file_.values(need(info.name));
    const auto finite = [](float x) { return std::isfinite(x); };
    validate(std::all_of(values.begin(), values.end(), finite), ExitCode::checkpoint,
             "{}: tensor {} holds weights that are not finite", file_.source(),
             need(info.name).name);
    std::copy(values.begin(), values.end(),
              flat.begin() + static_cast<std::ptrdiff_t>(info.offset));
  }
  return flat;
}

}  // namespace superpose::exchange
