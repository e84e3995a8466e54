#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  options.stage_end = StageEnd::settled;
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
  options.stage_end = StageEnd::settled;
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

TEST(Curriculum, EveryMethodHasItsName) {
  EXPECT_STREQ(to_string(Method::coconut), "coconut");
  EXPECT_STREQ(to_string(Method::coconut_bfs_loss), "coconut_bfs_loss");
  EXPECT_STREQ(to_string(Method::pause), "pause");
}

}  // namespace
}  // namespace superpose::data
