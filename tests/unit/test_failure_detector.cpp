#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "distributed/failure_detector.hpp"

namespace superpose::distributed {
namespace {

using testing::HasSubstr;
using testing::Optional;

constexpr double limit = 10;

Beat beat(double idle_seconds, std::uint64_t meetings, const char* phase) {
  Beat beat;
  beat.step = 12;
  beat.meetings = meetings;
  beat.idle_seconds = idle_seconds;
  std::strcpy(beat.phase, phase);
  return beat;
}

const Beat busy = beat(0, 5, "forward");

FailureDetector detector_of(int rank) {
  return FailureDetector(rank, {"n0", "n1", "n2", "n3"}, limit, true);
}

TEST(FailureDetector, NamesARankThatIsSilent) {
  auto detector = detector_of(0);
  for (int rank = 1; rank < 4; ++rank) detector.hear(rank, busy, 1);
  for (const int rank : {1, 3}) detector.hear(rank, busy, 9);
  EXPECT_EQ(detector.problem(busy, 10.9), std::nullopt);
  EXPECT_THAT(detector.problem(busy, 11), Optional(HasSubstr("rank 2 (n2) has not been heard of")));
}

TEST(FailureDetector, NamesAllRanksOfANodeThatIsGone) {
  auto detector = detector_of(0);
  detector.hear(1, busy, 20);
  detector.hear(2, busy, 10);
  detector.hear(3, busy, 11);
  EXPECT_THAT(detector.problem(busy, 20), Optional(HasSubstr("rank 2 (n2), rank 3 (n3) have not")));
}

TEST(FailureDetector, IsNotWorriedByARankThatHasLeft) {
  auto detector = detector_of(0);
  Beat last = busy;
  last.is_last = true;
  for (int rank = 1; rank < 4; ++rank) detector.hear(rank, last, 1);
  EXPECT_EQ(detector.problem(busy, 1000), std::nullopt);
  last.idle_seconds = 1000;
  EXPECT_EQ(detector.problem(last, 1000), std::nullopt) << "nor is one that leaves itself";
}

TEST(FailureDetector, NamesTheRankThatTheOthersWaitFor) {
  auto detector = detector_of(0);
  const Beat waits = beat(11, 6, "allreduce (exposed)");
  for (const int rank : {1, 2}) detector.hear(rank, waits, 11);
  detector.hear(3, beat(10, 5, "backward"), 11);
  EXPECT_THAT(detector.problem(waits, 11),
              Optional(HasSubstr("rank 3 (n3) is stuck in backward of step 12 for 10 s")));
  EXPECT_EQ(detector.problem(busy, 11), std::nullopt) << "the others may wait for rank 0";
}

TEST(FailureDetector, NamesNoRankWhenNoneIsBehind) {
  auto detector = detector_of(0);
  const Beat waits = beat(11, 6, "checkpoint");
  for (int rank = 1; rank < 4; ++rank) detector.hear(rank, waits, 11);
  const auto problem = detector.problem(waits, 11);
  EXPECT_THAT(problem, Optional(HasSubstr("no rank has moved on")));
  EXPECT_THAT(problem, Optional(HasSubstr("all are in checkpoint of step 12")));
}

TEST(FailureDetector, OtherRanksJudgeRankZeroOneAfterTheOther) {
  const Beat stuck = beat(1000, 5, "forward");
  for (int rank = 1; rank < 4; ++rank) {
    auto detector = detector_of(rank);
    detector.hear(0, stuck, 5);
    EXPECT_EQ(detector.problem(stuck, 16), std::nullopt) << "stuck ranks are rank 0's business";
    EXPECT_EQ(detector.problem(stuck, 18).has_value(), rank == 1);
    EXPECT_EQ(detector.problem(stuck, 19.5).has_value(), rank <= 2);
    EXPECT_THAT(detector.problem(stuck, 30), Optional(HasSubstr("rank 0 (n0) has not been")));
  }
}

TEST(FailureDetector, JudgesItselfWhereThereAreNoHeartbeats) {
  const FailureDetector detector(2, {"n0", "n1", "n2"}, limit, false);
  EXPECT_EQ(detector.problem(beat(9, 0, "checkpoint"), 1000), std::nullopt);
  EXPECT_THAT(detector.problem(beat(10, 0, "checkpoint"), 1000),
              Optional(HasSubstr("rank 2 (n2) is stuck in checkpoint of step 12 for 10 s")));
}

}  // namespace
}  // namespace superpose::distributed
