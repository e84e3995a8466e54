#include "train/evaluation_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/or_dash.hpp"
#include "io/evaluation_json.hpp"

namespace superpose::train {
using io::Json;

Json to_json(const EvaluationResult& result) {
  Json json{{"latents", result.n_latent ? Json(*result.n_latent) : Json("hops * c_thought")}};
  json.update(io::to_json(values_of(result.summary)));
  return json;
}

Json to_json(const std::vector<data::Shortcut>& shortcuts) {
  Json json = Json::array();
  for (const auto& s : shortcuts)
    json.push_back(
        {{"name", s.name},
         {to_string(EvaluationMeasure::accuracy), s.accuracy},
         {to_string(EvaluationMeasure::accuracy_equal_depth), io::number(s.accuracy_equal_depth)}});
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
  const auto percent = [](double share) { return or_dash("{:.2f} %", 100 * share); };
  for (std::size_t i = 0; i < std::min<std::size_t>(3, shortcuts.size()); ++i)
    lines +=
        fmt::format("\n  {:<48}{:>10}{:>10}", shortcuts[i].name, percent(shortcuts[i].accuracy),
                    percent(shortcuts[i].accuracy_equal_depth));
  return lines;
}

}  // namespace superpose::train
