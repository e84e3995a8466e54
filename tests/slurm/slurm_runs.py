"""Small runs as jobs of a SLURM cluster: the shipped templates, submitted from a project's root.

Usage of each: test_X.py SUPERPOSE CONFIGS MPIEXEC [TEST ...].
"""

import pathlib
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "regression"))
import harness  # noqa: E402
from small_runs import SmallRuns, overrides  # noqa: E402

from cluster import Cluster  # noqa: E402

LAUNCHERS = {"srun": "srun --mpi=pmix", "mpirun": "mpirun"}
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")
SHORT = {"train.epochs": 2}
# Seconds of training: there is a time between the first checkpoint and the end.
LONG = {"train.epochs": 4, "train.batch_size": 8, "train.accumulation": 1,
        "output.checkpoint_every": 1}
ENDLESS = {**LONG, "train.epochs": 10**6, "optimizer.schedule": "constant"}


class SlurmRuns(SmallRuns):
    """self.path is the root of a project, with the problems and the configuration of SmallRuns."""

    @classmethod
    def settle_in(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        super().settle_in()
        cls.generate("train.json", count=8 * 60, seed=1)
        for name in ("slurm", "jobs"):
            (cls.path / name).symlink_to(SOURCE / name)

    def slurm(self, *command, **environment):
        """The output of a command on the head, in the project's root; with the tests' site file."""
        return self.cluster.run(*command, folder=self.path, environment={
            "SUPERPOSE": harness.PROGRAM, "SUPERPOSE_LAUNCHER": LAUNCHERS["srun"],
            "SUPERPOSE_SITE": str(SOURCE / "tests" / "slurm" / "site.sh"), **environment})

    def submit(self, *arguments, launcher="srun", **environment):
        """The id of a job: options of sbatch, a template, its arguments."""
        return self.slurm("sbatch", "--parsable", *arguments,
                          SUPERPOSE_LAUNCHER=LAUNCHERS[launcher], **environment)

    def submit_training(self, template, directory, settings, *options, **how):
        return self.submit(*options, f"slurm/{template}.sbatch", "small.toml",
                           "--output.directory", directory, *overrides(settings), **how)

    def job(self, job):
        """What SLURM knows of a job, by its own names: JobState, ExitCode, Restarts, ..."""
        words = self.slurm("scontrol", "show", "job", job).split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def wait_for(self, job, *states):
        """The job, as it is in one of the states."""
        self.cluster.wait_until(lambda: self.job(job)["JobState"] in states,
                                f"job {job} to be {' or '.join(states)}")
        return self.job(job)

    def end_of(self, job):
        return self.wait_for(job, *ENDED)

    def wait_for_checkpoint(self, directory):
        self.cluster.wait_until(lambda: self.checkpoints(directory), f"a checkpoint in {directory}")

    def start_now(self, job):
        """A requeued job waits for two minutes, unless it is told not to. Not in the second in
        which it ended: nodes refuse what was allowed before then."""
        self.cluster.wait_until(lambda: self.job(job)["Reason"] == "BeginTime",
                                f"job {job} to be queued again")
        time.sleep(1.1)
        self.slurm("scontrol", "update", f"jobid={job}", "StartTime=now")

    def output(self, job):
        return "".join(path.read_text() for path in self.path.glob(f"slurm-*-{job}.out"))

    def assert_ended(self, job, state, code, restarts):
        end = self.end_of(job)
        self.assertEqual((end["JobState"], end["ExitCode"], end["Restarts"]),
                         (state, f"{code}:0", str(restarts)), self.output(job))
