#include <gmock/gmock.h>

#include <cmath>

#include "train/evaluation_summary.hpp"

namespace superpose::train {
namespace {

ProblemOutcome answer(int problem, int hops, bool equal_depth, bool correct, bool preferred,
                      double loss) {
  return {problem, hops, equal_depth ? 1 : 0, correct ? 1 : 0, preferred ? 1 : 0, loss};
}

/// Problems of 3 and 4 hops; two of the four have equally deep candidates.
Outcomes four_problems() {
  Outcomes outcomes;
  outcomes.problems = {answer(0, 3, false, true, true, 0.5), answer(1, 4, true, false, true, 1.5),
                       answer(2, 3, true, true, true, 0.25), answer(3, 3, false, false, false, 3)};
  outcomes.hops = {{0, 1, 1, 1, 2.0, 1.0},
                   {0, 2, 0, 1, 1.0, 0.5},
                   {0, 3, 0, 0, 4.0, 0.25},
                   {1, 1, 0, 1, 3.0, 2.0},
                   {1, 4, 1, 1, 5.0, 0.125}};
  return outcomes;
}

void expect_answers(const AnswerSummary& s, int problems, double accuracy, double candidates,
                    double loss) {
  EXPECT_EQ(s.problems, problems);
  EXPECT_DOUBLE_EQ(s.accuracy, accuracy);
  EXPECT_DOUBLE_EQ(s.candidate_accuracy, candidates);
  EXPECT_DOUBLE_EQ(s.loss, loss);
}

TEST(EvaluationSummary, AveragesAnswersByGroup) {
  const auto summary = summarise(four_problems());
  expect_answers(summary.all, 4, 0.5, 0.75, 5.25 / 4);
  expect_answers(summary.equal_depth, 2, 0.5, 1, 0.875);
  ASSERT_EQ(summary.by_hops.size(), 2U);
  expect_answers(summary.by_hops.at(3), 3, 2.0 / 3, 2.0 / 3, 1.25);
  expect_answers(summary.by_hops.at(4), 1, 0, 1, 1.5);
}

TEST(EvaluationSummary, AveragesPredictionsByHop) {
  const auto hops = summarise(four_problems()).hops;
  ASSERT_EQ(hops.size(), 4U);
  for (int k = 1; k <= 4; ++k) EXPECT_EQ(hops[k - 1].hop, k);
  EXPECT_EQ(hops[0].problems, 2);
  EXPECT_DOUBLE_EQ(hops[0].optimal, 0.5);
  EXPECT_DOUBLE_EQ(hops[0].frontier, 1);
  EXPECT_DOUBLE_EQ(hops[0].loss, 2.5);
  EXPECT_DOUBLE_EQ(hops[0].uniform_guess_loss, 1.5);
  EXPECT_EQ(hops[2].problems, 1);
  EXPECT_DOUBLE_EQ(hops[2].frontier, 0);
  EXPECT_DOUBLE_EQ(hops[3].loss, 5);
}

TEST(EvaluationSummary, HasAValueOfEveryMeasure) {
  using M = EvaluationMeasure;
  const auto values = values_of(summarise(four_problems()));
  EXPECT_THAT(values.hops, testing::ElementsAre(3, 4));
  EXPECT_THAT(values.hop, testing::ElementsAre(1, 2, 3, 4));
  for (const auto& info : evaluation_measures)
    EXPECT_EQ(values[info.measure].size(),
              info.by == MeasuredBy::evaluation ? 1 : values.coordinates(info.by).size())
        << info.name;
  EXPECT_THAT(values[M::accuracy], testing::ElementsAre(0.5));
  EXPECT_THAT(values[M::candidate_accuracy_equal_depth], testing::ElementsAre(1));
  EXPECT_THAT(values[M::loss_by_hops], testing::ElementsAre(1.25, 1.5));
  EXPECT_THAT(values[M::next_node_n_problems], testing::ElementsAre(2, 1, 1, 1));
  EXPECT_THAT(values[M::uniform_guess_loss], testing::ElementsAre(1.5, 0.5, 0.25, 0.125));
}

TEST(EvaluationSummary, AnEmptyGroupHasNoAccuracy) {
  auto outcomes = four_problems();
  for (auto& problem : outcomes.problems) problem.equal_depth = 0;
  const auto summary = summarise(outcomes);
  EXPECT_EQ(summary.equal_depth.problems, 0);
  EXPECT_TRUE(std::isnan(summary.equal_depth.accuracy));
  EXPECT_TRUE(std::isnan(summary.equal_depth.candidate_accuracy));
  EXPECT_TRUE(std::isnan(summary.equal_depth.loss));
  EXPECT_EQ(table(summary).find("nan"), std::string::npos) << table(summary);
}

TEST(EvaluationSummary, LossIsNotANumberWhereOneIsMissing) {
  auto outcomes = four_problems();  // as cot, which has no loss
  outcomes.problems[3].loss = std::nan("");
  const auto summary = summarise(outcomes);
  EXPECT_TRUE(std::isnan(summary.all.loss));
  EXPECT_EQ(table(summary).find("nan"), std::string::npos) << table(summary);
  EXPECT_DOUBLE_EQ(summary.by_hops.at(4).loss, 1.5);
}

TEST(ExcessLoss, IsTheMeanOverTheStagesHop) {
  EXPECT_DOUBLE_EQ(excess_loss(four_problems(), 0), 1);  // (2 - 1 + 3 - 2) / 2
  EXPECT_DOUBLE_EQ(excess_loss(four_problems(), 1), 0.5);
  EXPECT_DOUBLE_EQ(excess_loss(four_problems(), 3), 4.875);
}

TEST(ExcessLoss, IsNotANumberPastTheLastHop) {
  EXPECT_TRUE(std::isnan(excess_loss(four_problems(), 4)));
  EXPECT_TRUE(std::isnan(excess_loss(Outcomes{}, 0)));
}

TEST(EvaluationTable, ShowsEveryGroup) {
  const auto text = table(summarise(four_problems()));
  for (const char* part : {"all", "equally deep candidates", "3 hops", "4 hops", "hop 1 (stage 0)",
                           "hop 4 (stage 3)", "66.67 %", "75.00 %", "4.0000", "0.1250"})
    EXPECT_THAT(text, testing::HasSubstr(part));
}

TEST(EvaluationTable, LeavesOutHopsWhereNoneWereMeasured) {
  auto outcomes = four_problems();
  outcomes.hops.clear();
  EXPECT_THAT(table(summarise(outcomes)), testing::Not(testing::HasSubstr("next node")));
}

}  // namespace
}  // namespace superpose::train
