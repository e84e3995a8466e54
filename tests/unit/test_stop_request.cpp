#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>

#include "distributed/stop_request.hpp"

namespace superpose::distributed {
namespace {

volatile std::sig_atomic_t caught_by_former_handler = 0;
extern "C" void former_handler(int) {
  caught_by_former_handler = 1;
}

TEST(StopRequest, IsEmptyUntilASignalArrives) {
  const StopRequest stop;
  EXPECT_FALSE(stop.requested_here());
  EXPECT_EQ(stop.signal_number(), 0);
  EXPECT_EQ(stop.signal_name(), "");
}

TEST(StopRequest, RemembersEachStopSignalByName) {
  const std::array<const char*, 3> names = {"SIGUSR1", "SIGUSR2", "SIGTERM"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const StopRequest stop;  // forgets what an earlier one saw
    EXPECT_FALSE(stop.requested_here());
    std::raise(stop_signals[i]);
    EXPECT_TRUE(stop.requested_here());
    EXPECT_EQ(stop.signal_number(), stop_signals[i]);
    EXPECT_EQ(stop.signal_name(), names[i]);
  }
}

TEST(StopRequest, ReturnsTheFormerHandlers) {
  std::signal(SIGUSR1, former_handler);
  {
    const StopRequest stop;
    std::raise(SIGUSR1);
    EXPECT_EQ(caught_by_former_handler, 0);
  }
  std::raise(SIGUSR1);
  EXPECT_EQ(caught_by_former_handler, 1);
  std::signal(SIGUSR1, SIG_DFL);
}

TEST(StopRequest, ExistsOnce) {
  const StopRequest stop;
  EXPECT_THROW(StopRequest(), std::logic_error);
  std::raise(SIGUSR2);
  EXPECT_TRUE(stop.requested_here());  // the refused one has taken nothing away
}

TEST(StopRequest, NamesOtherSignalsByNumber) {
  EXPECT_EQ(name_of_signal(SIGINT), "signal 2");
}

}  // namespace
}  // namespace superpose::distributed
