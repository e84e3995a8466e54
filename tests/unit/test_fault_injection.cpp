#include <gmock/gmock.h>

#include <stdexcept>

#include "tests/error_of.hpp"
#include "train/fault_injection.hpp"

namespace superpose::train {
namespace {

using Poison = FaultInjection::Poison;

TEST(FaultInjection, IsNotArmedWithoutASpecification) {
  EXPECT_FALSE(FaultInjection(nullptr, 0, 1).armed());
}

TEST(FaultInjection, StrikesOnceInItsPhaseAndStep) {
  FaultInjection fault("throw:allreduce (exposed):1:12", 1, 2);
  fault.begin("allreduce (exposed)", 11);
  fault.begin("backward", 12);
  EXPECT_THROW(fault.begin("allreduce (exposed)", 12), std::runtime_error);
  EXPECT_FALSE(fault.armed());
  fault.begin("allreduce (exposed)", 12);
}

TEST(FaultInjection, StrikesTheRanksItNames) {
  EXPECT_FALSE(FaultInjection("throw:data:1:1", 0, 2).armed());
  EXPECT_TRUE(FaultInjection("throw:data:all:1", 0, 2).armed());
  EXPECT_TRUE(FaultInjection("throw:data:all:1", 1, 2).armed());
}

TEST(FaultInjection, PoisonsOneValueOnce) {
  FaultInjection fault("nan_gradient:backward:0:3", 0, 1);
  fault.begin("backward", 3);  // no process fault
  EXPECT_FALSE(fault.poisons(Poison::loss, 3));
  EXPECT_FALSE(fault.poisons(Poison::gradient, 2));
  EXPECT_TRUE(fault.poisons(Poison::gradient, 3));
  EXPECT_FALSE(fault.poisons(Poison::gradient, 3));
}

TEST(FaultInjection, RefusesMalformedSpecifications) {
  for (const auto* text : {"", "kill", "kill:data:0", "kill:data:0:1:2", "maim:data:0:1",
                           "kill::0:1", "kill:data:2:1", "kill:data:-1:1", "kill:data:x:1",
                           "kill:data:0:", "kill:data:0:1x", "nan_loss:backward:0:1"}) {
    SCOPED_TRACE(text);
    const auto [code, message] = tests::error_of([&] { FaultInjection(text, 0, 2); });
    EXPECT_EQ(code, ExitCode::usage);
    EXPECT_THAT(message, testing::HasSubstr("SUPERPOSE_FAULT"));
  }
}

}  // namespace
}  // namespace superpose::train
