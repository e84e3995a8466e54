#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "core/host.hpp"
#include "distributed/watchdog.hpp"

namespace superpose::distributed {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const Communicator& world() {
  static const Communicator communicator(MPI_COMM_WORLD);
  return communicator;
}

void sleep(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/// What the watchdog of this rank said.
class Alarms {
 public:
  void operator()(const std::string& problem) {
    const std::lock_guard<std::mutex> lock(mutex_);
    text_ += problem;
  }
  std::string text() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

TEST(Watchdog, IsSilentWhileARankMovesOn) {
  Activity activity;
  Alarms alarms;
  const Watchdog watchdog(world(), activity, 2, std::ref(alarms));
  for (int i = 0; i < 30; ++i) {
    if (world().rank() == 0) activity.advance();
    sleep(0.1);
  }
  EXPECT_THAT(alarms.text(), IsEmpty());
}

TEST(Watchdog, NamesTheRankThatIsBehindOnRankZero) {
  Activity activity;
  Alarms alarms;
  activity.set_step(3);
  activity.enter("forward");
  const int behind = world().size() - 1;
  if (world().rank() != behind) activity.meet();
  {
    const Watchdog watchdog(world(), activity, 0.5, std::ref(alarms));
    for (int i = 0; i < 200 && alarms.text().empty() && world().rank() == 0; ++i) sleep(0.1);
    world().barrier();
  }
  if (world().rank() != 0) {
    EXPECT_THAT(alarms.text(), IsEmpty());
    return;
  }
  EXPECT_THAT(alarms.text(), HasSubstr("rank " + std::to_string(behind) + " (" + host_name() +
                                       ") is stuck in forward of step 3 for"));
}

TEST(Watchdog, WaitsInItsDestructorForRanksThatLeaveLater) {
  Activity activity;
  Alarms alarms;
  for (int round = 0; round < 3; ++round) {
    const Watchdog watchdog(world(), activity, 20, std::ref(alarms));
    sleep(0.05 * ((world().rank() + round) % world().size()));
  }
  EXPECT_THAT(alarms.text(), IsEmpty());
}

}  // namespace
}  // namespace superpose::distributed
