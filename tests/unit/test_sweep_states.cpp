#include <gtest/gtest.h>

#include "core/error.hpp"
#include "sweep/batch_system.hpp"
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
      batch_system(Scheduler::slurm)
          .submit_command({"x", "/s/0001.points", 60, 8, resources, "/s/logs", "/p/sweep.sbatch"});
  EXPECT_EQ(
      command_line(command),
      "sbatch --parsable --job-name=x --array=0-59%8 --nodes=2 --ntasks=8 "
      "--ntasks-per-node=4 --time=2:00:00 --output=/s/logs/%A_%a.log --partition=gpu --exclusive "
      "/p/sweep.sbatch /s/0001.points");
}

ArrayJob job_of(std::size_t n_tasks, int throttle) {
  Resources resources;
  resources.nodes = 2;
  resources.ranks_per_node = 4;
  resources.time = "1-02:00:30";
  resources.sbatch = "-q debug";
  return {"a b", "/s/0001.points", n_tasks, throttle, resources, "/s/logs", "/p/sweep.sh"};
}

std::string submission(Scheduler scheduler, std::size_t n_tasks, int throttle = 0) {
  return command_line(batch_system(scheduler).submit_command(job_of(n_tasks, throttle)));
}

TEST(SweepCommands, OfOtherSystemsHoldWhatThePointsAskFor) {
  EXPECT_EQ(submission(Scheduler::flux, 1),
            "flux batch --job-name=a_b --nodes=2 --nslots=8 --time-limit=93630s "
            "'--output=/s/logs/{{id}}.log' -q debug /p/sweep.sh /s/0001.points");
  const std::string pbs =
      "env SUPERPOSE_LIST=/s/0001.points qsub -V -N a_b -l select=2:ncpus=4:mpiprocs=4 "
      "-l walltime=26:00:30 -j oe -o /s/logs/ ";
  EXPECT_EQ(submission(Scheduler::pbs, 60, 8), pbs + "-J 0-59%8 -q debug /p/sweep.sh");
  EXPECT_EQ(submission(Scheduler::pbs, 1), pbs + "-q debug /p/sweep.sh") << "no array of one";
  EXPECT_EQ(submission(Scheduler::lsf, 60, 8),
            "bsub -J 'a_b[1-60]%8' -n 8 -R 'span[ptile=4]' -W 1561 -Q 75 -wa USR1 -wt 3 "
            "-o /s/logs/%J_%I.log -q debug bash /p/sweep.sh /s/0001.points");
  EXPECT_THROW(submission(Scheduler::flux, 1, 8), Error);
}

TEST(SweepCommands, NameTasksAsTheQueueDoes) {
  const auto job = [](Scheduler s, const char* says) { return batch_system(s).job_id(says); };
  const auto task = [](Scheduler s, const char* id) { return batch_system(s).task(id, 3); };
  using Tasks = std::set<std::string>;
  const auto tasks = [](Scheduler s, const char* says) { return batch_system(s).tasks(says); };
  EXPECT_EQ(job(Scheduler::slurm, "note: 3 nodes\n17;cluster\n"), "17");
  EXPECT_EQ(job(Scheduler::slurm, "submitted\n"), "");
  EXPECT_EQ(tasks(Scheduler::slurm, "17_3\n18_0\n"), Tasks({task(Scheduler::slurm, "17"), "18_0"}));
  EXPECT_EQ(job(Scheduler::flux, "\u01922N3xyz\n"), "f2N3xyz");
  EXPECT_EQ(job(Scheduler::flux, "error: no\n"), "");
  EXPECT_EQ(tasks(Scheduler::flux, "\u01922N3xyz\nfA\n"),
            Tasks({task(Scheduler::flux, "f2N3xyz"), "fA"}));
  EXPECT_EQ(job(Scheduler::pbs, "17[].server\n"), "17[].server");
  EXPECT_EQ(job(Scheduler::pbs, "qsub: refused\n"), "");
  EXPECT_EQ(tasks(Scheduler::pbs, "17[3].server\n18.server\n"),
            Tasks({task(Scheduler::pbs, "17[].server"), task(Scheduler::pbs, "18.server")}));
  EXPECT_EQ(job(Scheduler::lsf, "Job <17> is submitted to queue <normal>.\n"), "17");
  EXPECT_EQ(job(Scheduler::lsf, "Request <x> aborted\n"), "");
  EXPECT_EQ(tasks(Scheduler::lsf, "17 4\nwelcome to this cluster\n"),
            Tasks({task(Scheduler::lsf, "17")}));
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
