#include <gtest/gtest.h>

#include "sweep/slurm.hpp"
#include "sweep/status.hpp"

namespace superpose::sweep {
namespace {

const std::string point = "0123";

Report report(const std::string& state, const std::string& job) {
  return {state, job, "n1", "2026-01-01T00:00:00Z", 0};
}

QueueState slurm_has(const std::string& task) {
  QueueState queue;
  queue.tasks[point] = task;
  return queue;
}

TEST(SweepStates, WithoutAReportAreThoseOfTheQueue) {
  EXPECT_EQ(judge({}, {}, point), State::planned);
  EXPECT_EQ(judge({}, slurm_has("7_1"), point), State::queued);
}

TEST(SweepStates, OfAPointSomeoneWorksOnAreRunning) {
  EXPECT_EQ(judge(report("running", "7_1"), slurm_has("7_1"), point), State::running);
  QueueState local;
  local.local = true;
  EXPECT_EQ(judge(report("running", "local"), local, point), State::running);
}

TEST(SweepStates, OfAPointWhoseJobIsGoneAreLost) {
  EXPECT_EQ(judge(report("running", "7_1"), {}, point), State::lost);
  EXPECT_EQ(judge(report("running", "local"), {}, point), State::lost);
  QueueState local;
  local.local = true;
  EXPECT_EQ(judge(report("running", "7_1"), local, point), State::lost);
}

TEST(SweepStates, OfAPointThatWaitsAgainAreQueued) {
  EXPECT_EQ(judge(report("interrupted", "7_1"), slurm_has("7_1"), point), State::queued);
  EXPECT_EQ(judge(report("failed", "7_1"), slurm_has("9_0"), point), State::queued);
  EXPECT_EQ(judge(report("running", "7_1"), slurm_has("9_0"), point), State::queued);
}

TEST(SweepStates, OfAPointThatEndedAreWhatItSaid) {
  EXPECT_EQ(judge(report("interrupted", "7_1"), {}, point), State::interrupted);
  EXPECT_EQ(judge(report("failed", "7_1"), {}, point), State::failed);
  EXPECT_EQ(judge(report("done", "7_1"), {}, point), State::done);
  EXPECT_EQ(judge(report("nonsense", "7_1"), {}, point), State::failed);
}

TEST(SweepCommands, OfSbatchHoldWhatThePointsAskFor) {
  Resources resources;
  resources.nodes = 2;
  resources.ranks_per_node = 4;
  resources.time = "2:00:00";
  resources.sbatch = "--partition=gpu  --exclusive";
  const auto command =
      sbatch_command({"x", "/s/0001.points", 60, 8, resources, "/s/logs", "/p/sweep.sbatch"});
  EXPECT_EQ(
      command_line(command),
      "sbatch --parsable --job-name=x --array=0-59%8 --nodes=2 --ntasks=8 "
      "--ntasks-per-node=4 --time=2:00:00 --output=/s/logs/%A_%a.log --partition=gpu --exclusive "
      "/p/sweep.sbatch /s/0001.points");
}

TEST(SweepCommands, AreShownAsAShellTakesThem) {
  EXPECT_EQ(command_line({"a", "b c", "it's", ""}), "a 'b c' 'it'\\''s' ''");
}

TEST(SweepCommands, GiveOutputAndCode) {
  const auto outcome = run({"bash", "-c", "echo one; echo two >&2; exit 3"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.output, "one\ntwo\n");
  EXPECT_EQ(run({"bash", "-c", "kill -9 $$"}).code, 128 + 9);
  EXPECT_EQ(run({"no_such_program_at_all"}).code, 127);
}

}  // namespace
}  // namespace superpose::sweep
