#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "data/curriculum.hpp"

namespace superpose::data {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The stage each of `losses.size()` epochs trains.
std::vector<int> stages(const CurriculumOptions& options, const std::vector<double>& losses) {
  CurriculumState state;
  std::vector<int> trained;
  for (const double loss : losses) {
    trained.push_back(state.stage);
    const int before = state.stage;
    const bool began = end_epoch(state, options, loss);
    EXPECT_EQ(began, state.stage == before + 1);
  }
  return trained;
}

template <class Options>
void expect_rejected(const Options& options, const std::string& key) {
  try {
    check(options);
    ADD_FAILURE() << key << " was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr(key));
  }
}

TEST(Curriculum, FollowsThePublishedEpochs) {
  CurriculumOptions options;  // emergence repository: 150 epochs, then 50 a stage, 350 in all
  options.first_stage_epochs = 150;
  options.epochs_per_stage = 50;
  const auto trained = stages(options, std::vector<double>(420, kNan));
  for (int epoch = 0; epoch < 420; ++epoch) {
    const int published = epoch < 150 ? 0 : (epoch - 100) / 50;
    EXPECT_EQ(trained[epoch], std::min(published, 4)) << "epoch " << epoch;
  }
}

TEST(Curriculum, OneStageRunsToTheEnd) {
  CurriculumOptions options;
  options.max_latent_stage = 0;
  options.first_stage_epochs = 2;
  EXPECT_THAT(stages(options, std::vector<double>(5, 0.0)), testing::Each(0));
}

TEST(Curriculum, EpochRuleIgnoresTheLoss) {
  CurriculumOptions options;
  options.max_latent_stage = 1;
  options.first_stage_epochs = 3;
  EXPECT_THAT(stages(options, std::vector<double>(5, -1.0)), testing::ElementsAre(0, 0, 0, 1, 1));
}

TEST(Curriculum, SettledStageEndsEarlyAfterPatienceInARow) {
  CurriculumOptions options;
  options.stage_end = "settled";
  options.max_latent_stage = 2;
  options.first_stage_epochs = 10;
  options.epochs_per_stage = 3;
  options.settle_threshold = 0.1;
  options.settle_patience = 2;
  // Epochs 1 and 3 are settled alone, 3 and 4 in a row; stage 1 never settles and ends by epochs;
  // stage 2 is the last.
  EXPECT_THAT(stages(options, {2.0, 0.1, 0.2, 0.0, 0.1, 5.0, 0.0, kNan, 0.0, 0.0, 0.0, 0.0}),
              testing::ElementsAre(0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2));
}

TEST(Curriculum, SettledEpochsDoNotCarryIntoTheNextStage) {
  CurriculumOptions options;
  options.stage_end = "settled";
  options.first_stage_epochs = 2;
  options.settle_patience = 3;
  CurriculumState state;
  EXPECT_FALSE(end_epoch(state, options, 0.0));
  EXPECT_EQ(state.settled_epochs, 1);
  EXPECT_TRUE(end_epoch(state, options, 0.0));
  EXPECT_EQ(state.stage, 1);
  EXPECT_EQ(state.epochs_in_stage, 0);
  EXPECT_EQ(state.settled_epochs, 0);
}

TEST(Curriculum, UniformGuessCostsTheLogOfTheFrontier) {
  Problem problem;
  problem.frontier = {{0}, {1, 2, 3}, {4}};
  EXPECT_DOUBLE_EQ(uniform_guess_loss(problem, 1), std::log(3.0));
  EXPECT_DOUBLE_EQ(uniform_guess_loss(problem, 2), 0.0);
  EXPECT_THROW(uniform_guess_loss(problem, 3), std::logic_error);
}

TEST(Curriculum, OrderIsAPermutationKeyedBySeedAndEpoch) {
  const auto order = epoch_order(1000, 7, 3);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(sorted[i], i);
  EXPECT_NE(order, sorted);
  EXPECT_EQ(order, epoch_order(1000, 7, 3));
  EXPECT_NE(order, epoch_order(1000, 7, 4));
  EXPECT_NE(order, epoch_order(1000, 8, 3));
}

TEST(Curriculum, MethodNamesGoBothWays) {
  for (const auto method : {Method::coconut, Method::coconut_bfs_sample, Method::coconut_bfs_loss,
                            Method::cot, Method::no_cot, Method::pause})
    EXPECT_EQ(method_from_string(to_string(method)), method);
  EXPECT_EQ(to_string(Method::coconut_bfs_loss), "coconut_bfs_loss");
  try {
    method_from_string("icot");
    FAIL() << "icot was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr("\"icot\""));
    EXPECT_THAT(
        error.what(),
        testing::HasSubstr("coconut, coconut_bfs_sample, coconut_bfs_loss, cot, no_cot, pause"));
  }
}

TEST(Curriculum, AcceptsTheDefaults) {
  EXPECT_NO_THROW(check(CurriculumOptions{}));
  EXPECT_NO_THROW(check(MethodOptions{}));
}

TEST(Curriculum, NamesTheRejectedCurriculumKey) {
  const auto rejected = [](auto change, const char* key) {
    CurriculumOptions options;
    change(options);
    expect_rejected(options, key);
  };
  rejected([](auto& o) { o.max_latent_stage = -1; }, "curriculum.max_latent_stage = -1");
  rejected([](auto& o) { o.first_stage_epochs = 0; }, "curriculum.first_stage_epochs = 0");
  rejected([](auto& o) { o.epochs_per_stage = 0; }, "curriculum.epochs_per_stage = 0");
  rejected([](auto& o) { o.stage_end = "loss"; }, "curriculum.stage_end = \"loss\"");
  rejected([](auto& o) { o.settle_threshold = kNan; }, "curriculum.settle_threshold = nan");
  rejected([](auto& o) { o.settle_patience = 0; }, "curriculum.settle_patience = 0");
}

TEST(Curriculum, NamesTheRejectedMethodKey) {
  const auto rejected = [](auto change, const char* key) {
    MethodOptions options;
    change(options);
    expect_rejected(options, key);
  };
  rejected([](auto& o) { o.c_thought = 0; }, "method.c_thought = 0");
  rejected([](auto& o) { o.uniform_prob = -0.1; }, "method.uniform_prob = -0.1");
  rejected([](auto& o) { o.uniform_prob = 1.5; }, "method.uniform_prob = 1.5");
  rejected([](auto& o) { o.uniform_prob = kNan; }, "method.uniform_prob = nan");
  rejected([](auto& o) { o.exact_frontier = true; }, "method.exact_frontier");
}

}  // namespace
}  // namespace superpose::data
