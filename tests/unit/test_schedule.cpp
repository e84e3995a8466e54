#include <gtest/gtest.h>

#include "optim/schedule.hpp"

namespace superpose::optim {
namespace {

OptimizerOptions with_schedule(Schedule schedule, int warmup_steps) {
  OptimizerOptions options;
  options.learning_rate = 2e-3;
  options.schedule = schedule;
  options.warmup_steps = warmup_steps;
  options.final_lr_ratio = 0.1;
  return options;
}

TEST(Schedule, ConstantFromTheFirstStep) {
  const auto options = with_schedule(Schedule::constant, 0);
  for (const int step : {0, 1, 500, 999, 5000})
    EXPECT_EQ(learning_rate(options, {step, 1000}), 2e-3);
}

TEST(Schedule, WarmUpRisesLinearlyToThePeak) {
  for (const auto schedule : {Schedule::constant, Schedule::cosine}) {
    const auto options = with_schedule(schedule, 4);
    EXPECT_DOUBLE_EQ(learning_rate(options, {0, 100}), 0.5e-3);
    EXPECT_DOUBLE_EQ(learning_rate(options, {1, 100}), 1.0e-3);
    EXPECT_DOUBLE_EQ(learning_rate(options, {2, 100}), 1.5e-3);
    EXPECT_DOUBLE_EQ(learning_rate(options, {3, 100}), 2.0e-3);
    EXPECT_DOUBLE_EQ(learning_rate(options, {4, 100}), 2.0e-3);
  }
}

TEST(Schedule, ARunMayEndDuringItsWarmUp) {
  const auto options = with_schedule(Schedule::cosine, 100);
  EXPECT_DOUBLE_EQ(learning_rate(options, {9, 10}), 0.2e-3);
}

TEST(Schedule, CosineGoesFromThePeakToItsFloor) {
  for (const int warmup : {0, 20}) {
    const auto options = with_schedule(Schedule::cosine, warmup);
    const int last = warmup + 100;  // 100 intervals after the warm-up
    EXPECT_DOUBLE_EQ(learning_rate(options, {warmup, last + 1}), 2e-3);
    EXPECT_NEAR(learning_rate(options, {warmup + 25, last + 1}),
                (2 - 1.8 * 0.14644660940672624) * 1e-3,
                1e-15);  // (1 - cos(pi / 4)) / 2 of the way down
    EXPECT_NEAR(learning_rate(options, {warmup + 50, last + 1}), 1.1e-3, 1e-15);
    EXPECT_NEAR(learning_rate(options, {last, last + 1}), 0.2e-3, 1e-15);
  }
}

TEST(Schedule, CosineNeverRisesAndStaysAtItsFloor) {
  const auto options = with_schedule(Schedule::cosine, 5);
  for (int step = 5; step < 120; ++step)
    EXPECT_LE(learning_rate(options, {step + 1, 100}), learning_rate(options, {step, 100})) << step;
  EXPECT_NEAR(learning_rate(options, {500, 100}), 0.2e-3, 1e-15);
}

TEST(Schedule, CosineToZero) {
  auto options = with_schedule(Schedule::cosine, 0);
  options.final_lr_ratio = 0;
  EXPECT_NEAR(learning_rate(options, {9, 10}), 0, 1e-18);
  EXPECT_EQ(learning_rate(options, {0, 1}), 2e-3);  // one step alone: the peak
}

TEST(Schedule, StableUntilTheLastEpochsThenLinearToTheFloor) {
  auto options = with_schedule(Schedule::warmup_stable_decay, 4);
  const auto at = [&](int step) { return learning_rate(options, {step, 100, 20}); };
  EXPECT_DOUBLE_EQ(at(1), 1.0e-3) << "warm-up";
  for (const int step : {3, 4, 50, 79}) EXPECT_DOUBLE_EQ(at(step), 2e-3) << step;
  EXPECT_DOUBLE_EQ(at(80), (0.2 + 1.8 * 19 / 20) * 1e-3) << "the first of twenty steps down";
  EXPECT_DOUBLE_EQ(at(89), (0.2 + 1.8 * 10 / 20) * 1e-3);
  EXPECT_DOUBLE_EQ(at(99), 0.2e-3) << "the last step of the run";
  EXPECT_DOUBLE_EQ(at(150), 0.2e-3);
}

TEST(Schedule, ADecayOfTheWholeRun) {
  auto options = with_schedule(Schedule::warmup_stable_decay, 0);
  options.final_lr_ratio = 0;
  for (int step = 0; step < 100; ++step)
    EXPECT_NEAR(learning_rate(options, {step, 100, 100}), 2e-3 * (99 - step) / 100, 1e-15) << step;
}

TEST(Schedule, AFactorByStageMultipliesEverySchedule) {
  for (const auto schedule :
       {Schedule::constant, Schedule::cosine, Schedule::warmup_stable_decay}) {
    const auto plain = with_schedule(schedule, 10);
    auto staged = plain;
    staged.stage_lr = {1, 0.5, 0.25};
    for (const int step : {0, 5, 30, 99})
      for (int stage = 0; stage < 5; ++stage) {
        const double factor = stage == 0 ? 1 : stage == 1 ? 0.5 : 0.25;  // the last one holds
        EXPECT_DOUBLE_EQ(learning_rate(staged, {step, 100, 10, stage}),
                         factor * learning_rate(plain, {step, 100, 10, stage}));
      }
  }
}

}  // namespace
}  // namespace superpose::optim
