#include "train/evaluation_report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace superpose::train {
namespace {

using io::Json;
using io::number;

Json to_json(const AnswerSummary& s) {
  return {{"problems", s.problems},
          {"accuracy", number(s.accuracy)},
          {"candidate_accuracy", number(s.candidate_accuracy)},
          {"loss", number(s.loss)}};
}

Json to_json(const HopSummary& s) {
  return {{"hop", s.hop},
          {"stage", s.hop - 1},
          {"problems", s.problems},
          {"optimal", s.optimal},
          {"frontier", s.frontier},
          {"loss", s.loss},
          {"uniform_guess_loss", s.uniform_loss},
          {"frontier_rule", "distance"}};
}

}  // namespace

Json to_json(const EvaluationResult& result) {
  Json json{{"latents", result.n_latent ? Json(*result.n_latent) : Json("hops * c_thought")},
            {"all", to_json(result.summary.all)},
            {"equal_depth", to_json(result.summary.equal_depth)}};
  for (const auto& [hops, answers] : result.summary.by_hops)
    json["by_hops"][std::to_string(hops)] = to_json(answers);
  json["next_node"] = Json::array();
  for (const auto& hop : result.summary.hops) json["next_node"].push_back(to_json(hop));
  return json;
}

Json to_json(const std::vector<data::Shortcut>& shortcuts) {
  Json json = Json::array();
  for (const auto& s : shortcuts)
    json.push_back({{"name", s.name},
                    {"accuracy", s.accuracy},
                    {"accuracy_equal_depth", number(s.accuracy_equal_depth)}});
  return json;
}

std::string text(const EvaluationResult& result) {
  const auto latents = result.n_latent ? fmt::format("with {} latent tokens", *result.n_latent)
                                       : std::string("with as many latent tokens as in training");
  return latents + "\n" + table(result.summary);
}

std::string text(const std::vector<data::Shortcut>& shortcuts) {
  std::string lines =
      "best shortcuts that do not look at the root (accuracy, on equally deep candidates):";
  for (std::size_t i = 0; i < std::min<std::size_t>(3, shortcuts.size()); ++i)
    lines += fmt::format("\n  {:<48}{:>8.2f} %{:>8.2f} %", shortcuts[i].name,
                         100 * shortcuts[i].accuracy, 100 * shortcuts[i].accuracy_equal_depth);
  return lines;
}

}  // namespace superpose::train
