#include "io/evaluation_json.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "core/error.hpp"
#include "core/frontier_rule.hpp"

namespace superpose::io {
namespace {

double number_in(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

Json to_json(MeasureKind kind, double value) {
  return kind == MeasureKind::count ? Json(static_cast<std::int64_t>(value)) : number(value);
}

EvaluationValues read_result(const Json& result) {
  EvaluationValues values;
  values.hops = result.at(to_string(MeasuredBy::hops)).get<std::vector<std::int64_t>>();
  values.hop = result.at(to_string(MeasuredBy::hop)).get<std::vector<std::int64_t>>();
  for (const auto& info : evaluation_measures) {
    const auto& json = result.at(info.name);
    auto& numbers = values[info.measure];
    if (info.by == MeasuredBy::evaluation) {
      numbers.push_back(number_in(json));
      continue;
    }
    for (std::size_t i = 0; i < values.coordinates(info.by).size(); ++i)
      numbers.push_back(number_in(json.at(i)));
  }
  return values;
}

// --- Version 1: groups of answers, and a list of hops --------------------------------------------

void add_answers(const Json& answers, const AnswerMeasures& measures, EvaluationValues& values) {
  constexpr const char* names[] = {"problems", "accuracy", "candidate_accuracy", "loss"};
  for (std::size_t i = 0; i < measures.size(); ++i)
    values[measures[i]].push_back(number_in(answers.at(names[i])));
}

void add_hop(const Json& hop, EvaluationValues& values) {
  using M = EvaluationMeasure;
  const auto add = [&](M measure, const char* name) {
    values[measure].push_back(number_in(hop.at(name)));
  };
  values.hop.push_back(hop.at("hop").get<std::int64_t>());
  add(M::next_node_n_problems, "problems");
  add(M::next_node_optimal, "optimal");
  add(M::next_node_frontier, "frontier");
  add(M::next_node_loss, "loss");
  add(M::uniform_guess_loss, "uniform_guess_loss");
}

EvaluationValues read_result_1(const Json& result) {
  EvaluationValues values;
  add_answers(result.at("all"), measures_of_all, values);
  add_answers(result.at("equal_depth"), measures_of_equal_depth, values);
  if (result.contains("by_hops"))
    for (const auto& [hops, answers] : result.at("by_hops").items()) {
      values.hops.push_back(std::stoll(hops));
      add_answers(answers, measures_by_hops, values);
    }
  for (const auto& hop : result.at("next_node")) add_hop(hop, values);
  return values;
}

}  // namespace

Json to_json(const EvaluationValues& values) {
  Json json{{frontier_rule_attribute, to_string(FrontierRule::distance)},
            {to_string(MeasuredBy::hops), values.hops},
            {to_string(MeasuredBy::hop), values.hop}};
  for (const auto& info : evaluation_measures) {
    const auto& numbers = values[info.measure];
    if (info.by == MeasuredBy::evaluation) {
      json[info.name] = to_json(info.kind, numbers.front());
      continue;
    }
    json[info.name] = Json::array();
    for (const double value : numbers) json[info.name].push_back(to_json(info.kind, value));
  }
  return json;
}

EvaluationValues read_evaluation(const Json& document) {
  const auto version =
      document.contains("format_version") ? document.at("format_version").get<std::int64_t>() : 1;
  validate(version <= evaluation_version, ExitCode::io,
           "cannot read results of an evaluation (format version {}, this program knows up to {}) "
           "use a newer superpose",
           version, evaluation_version);
  const auto& result = document.at("results").at(0);
  return version == 1 ? read_result_1(result) : read_result(result);
}

}  // namespace superpose::io
