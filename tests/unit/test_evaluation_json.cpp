#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.hpp"
#include "io/evaluation_json.hpp"
#include "tests/error_of.hpp"

namespace superpose::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;
using M = EvaluationMeasure;

/// Problems of 2 and 4 hops, predictions of hops 1 to 3; every value is another number.
EvaluationValues some_values() {
  EvaluationValues values;
  values.hops = {2, 4};
  values.hop = {1, 2, 3};
  double next = 1;
  for (const auto& info : evaluation_measures) {
    const auto n = info.by == MeasuredBy::evaluation ? 1 : values.coordinates(info.by).size();
    for (std::size_t i = 0; i < n; ++i) values[info.measure].push_back(next++);
  }
  return values;
}

Json document_of(const EvaluationValues& values) {
  return {{"format_version", evaluation_version}, {"results", {to_json(values)}}};
}

TEST(EvaluationMeasures, EachHasANameOfItsOwn) {
  const auto names = all_names<M>();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  for (const auto measure : all_values<M>())
    EXPECT_EQ(evaluation_measures[index_of(measure)].measure, measure);
}

TEST(EvaluationJson, GivesBackEveryValue) {
  const auto values = some_values();
  const auto again = read_evaluation(Json::parse(to_text(document_of(values))));
  EXPECT_EQ(again.hops, values.hops);
  EXPECT_EQ(again.hop, values.hop);
  for (const auto measure : all_values<M>())
    EXPECT_EQ(again[measure], values[measure]) << to_string(measure);
}

TEST(EvaluationJson, CallsEveryValueByTheNameOfItsMeasure) {
  const auto json = to_json(some_values());
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  auto expected = all_names<M>();
  expected.insert(expected.begin(), {"frontier_rule", "hops", "hop"});
  EXPECT_EQ(keys, expected);
  EXPECT_TRUE(json.at("n_problems").is_number_integer());
}

TEST(EvaluationJson, WhatWasNotMeasuredIsNull) {
  auto values = some_values();
  values[M::accuracy_equal_depth] = {std::nan("")};
  const auto document = document_of(values);
  EXPECT_TRUE(document.at("results").at(0).at("accuracy_equal_depth").is_null());
  EXPECT_THAT(read_evaluation(document)[M::accuracy_equal_depth], ElementsAre(IsNan()));
}

TEST(EvaluationJson, ReadsTheVersionBefore) {
  std::ifstream file(std::string(SUPERPOSE_SOURCE_DIR) + "/tests/data/evaluation_version_1.json");
  const auto values = read_evaluation(Json::parse(file));
  EXPECT_THAT(values.hops, ElementsAre(2, 3));
  EXPECT_THAT(values.hop, ElementsAre(1, 2, 3));
  EXPECT_THAT(values[M::n_problems], ElementsAre(20));
  EXPECT_THAT(values[M::candidate_accuracy], ElementsAre(0.45));
  EXPECT_THAT(values[M::n_problems_equal_depth], ElementsAre(6));
  EXPECT_THAT(values[M::candidate_accuracy_by_hops], ElementsAre(0.5, 0.375));
  EXPECT_THAT(values[M::next_node_frontier], ElementsAre(0.45, 0.05, 0));
  EXPECT_THAT(values[M::uniform_guess_loss], testing::SizeIs(3));
}

TEST(EvaluationJson, RefusesALaterVersion) {
  auto document = document_of(some_values());
  document["format_version"] = evaluation_version + 1;
  EXPECT_THAT(tests::error_of([&] { read_evaluation(document); }),
              testing::Pair(ExitCode::io, HasSubstr("use a newer superpose")));
}

}  // namespace
}  // namespace superpose::io
