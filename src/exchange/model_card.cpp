#include "exchange/model_card.hpp"

#include <fmt/format.h>

#include "core/plain_text.hpp"
#include "data/options.hpp"
#include "data/vocabulary.hpp"
#include "exchange/generation_script.hpp"
#include "train/same_run.hpp"

namespace superpose::exchange {
namespace {

constexpr const char* front_matter =
    "---\n"
    "library_name: transformers\n"
    "tags: [superpose, gpt2, coconut, continuous-thoughts, graph-reachability]\n"
    "---\n";

/// Text from outside inside a table or a block of code: no line of it ends the block.
std::string quoted(const std::string& text) {
  std::string safe = printable(valid_utf8(text));
  for (auto at = safe.find("```"); at != std::string::npos; at = safe.find("```"))
    safe.replace(at, 3, "'''");
  return safe;
}

std::string description(const train::RunOptions& options) {
  const auto& m = options.model;
  return fmt::format(
      "# {}: {} layers, {} heads, n_embd {}\n\n"
      "A GPT-2 trained by superpose on directed graph reachability, by the method `{}` of the\n"
      "continuous thoughts of Coconut (arXiv 2412.06769, 2505.12514, 2509.23365). Given the edges\n"
      "of a graph, a root and two candidates, it names the candidate that the root reaches.\n\n",
      to_string(options.method.name), m.n_layer, m.n_head, m.n_embd,
      to_string(options.method.name));
}

std::string usage(const data::MethodOptions& method, int vocab_size) {
  const std::string bar = method.last_edge_bar ? " |" : "";
  std::string text = fmt::format(
      "## Use\n\n```\n{}\n```\n\n"
      "with the packages torch and transformers. A prompt is\n"
      "`<eos> s t | s t | ... | s t{} [Q] c1 c2 [R] root`: an edge leads from s to t, nodes are\n"
      "numbers from 0 to {}, blanks separate tokens.",
      generation_usage(method.name), bar, vocab_size - data::kSpecialTokens - 1);
  if (data::has_stages(method.name))
    text += fmt::format(" A problem whose target is H hops from the root needs\n{} H of them.",
                        method.c_thought);
  if (method.name == data::Method::coconut || method.name == data::Method::coconut_bfs_sample ||
      method.name == data::Method::coconut_bfs_loss)
    text +=
        "\nA thought is the hidden state after `ln_f` at the previous position; it stands for the\n"
        "embedding of the next token, and the position embedding is added as for any token.";
  return text + "\n\n";
}

std::string results(const ExportedModel& model) {
  if (model.results.empty())
    return "## Results\n\nNot measured while it was trained; `superpose evaluate CHECKPOINT DATA` "
           "measures.\n\n";
  std::string text =
      "## Results\n\nOn the held-out problems of its training, by superpose:\n\n"
      "| measure | value | |\n|---|---|---|\n";
  for (const auto& result : model.results)
    text += fmt::format("| `{}` | {:.6g} | {} |\n", result.name, result.value, result.description);
  return text + "\n";
}

std::string provenance(const ExportedModel& model, const std::string& command_line) {
  const auto& metadata = model.header.metadata;
  std::string text = fmt::format(
      "## Provenance\n\n```\n"
      "exported by   {}\ncheckpoint    {}\nsteps         {}\ntrained by    {}\n"
      "superpose     {} (commit {})\nstarted       {}\nsequences     version {}\n",
      quoted(command_line), quoted(model.checkpoint), model.header.step,
      quoted(metadata.command_line), quoted(metadata.superpose_version), quoted(metadata.git_hash),
      quoted(metadata.created), train::sequence_version_of(metadata));
  for (const auto& [role, hash] : metadata.data_hashes)
    text += fmt::format("{:<13} problems with hash {}\n", "data." + quoted(role), quoted(hash));
  return text + "```\n\nIts configuration, with which superpose trains it again:\n\n```toml\n" +
         quoted(metadata.configuration) + "\n```\n";
}

}  // namespace

std::string model_card(const ExportedModel& model, const std::string& command_line) {
  return front_matter + description(model.options) +
         usage(model.options.method, model.options.model.vocab_size) + results(model) +
         provenance(model, command_line);
}

}  // namespace superpose::exchange
