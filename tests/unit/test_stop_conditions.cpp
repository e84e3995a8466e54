#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/temporary_folder.hpp"
#include "train/stop_conditions.hpp"

namespace superpose::train {
namespace {

class Stop : public testing::Test {
 protected:
  static JobLimits seconds(double limit) { return {limit, {}}; }
  distributed::SignalThread signals_;
  tests::TemporaryFolder folder_;
  const std::string& directory_ = folder_.path();
};

TEST_F(Stop, IsNotDueWithoutAReason) {
  StopConditions stop(directory_, true, {}, 1000);
  EXPECT_FALSE(stop.due());
  EXPECT_EQ(stop.reason(), "another rank");
}

TEST_F(Stop, IsDueAtASignal) {
  StopConditions stop(directory_, false, {}, 0);
  distributed::send_to_this_process(SIGUSR1);
  EXPECT_TRUE(stop.due());
  EXPECT_EQ(stop.reason(), "SIGUSR1");
}

TEST_F(Stop, LeavesTimeForSaving) {
  EXPECT_FALSE(StopConditions(directory_, true, seconds(1000), 600).due());
  StopConditions late(directory_, true, seconds(1000), 700);
  EXPECT_TRUE(late.due()) << "1.5 times the estimate";
  EXPECT_EQ(late.reason(), "--max-time");
}

TEST_F(Stop, TakesTheMeasuredTimeOfSavingForTheEstimate) {
  StopConditions stop(directory_, true, seconds(1000), 700);
  stop.saved(5);
  EXPECT_FALSE(stop.due());
  stop.saved(800);
  EXPECT_TRUE(stop.due());
}

TEST_F(Stop, IsForOneRankToSeeTheClockAndTheFile) {
  std::ofstream(directory_ + "/stop");
  EXPECT_FALSE(StopConditions(directory_, false, seconds(1e-9), 0).due());
}

TEST_F(Stop, IsDueWhileAFileAsksAndRemovesItInTheEnd) {
  std::ofstream(directory_ + "/stop");
  StopConditions stop(directory_, true, {}, 0);
  EXPECT_TRUE(stop.due());
  EXPECT_EQ(stop.reason(), "the file " + directory_ + "/stop");
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/stop"));
  stop.done();
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/stop"));
}

}  // namespace
}  // namespace superpose::train
