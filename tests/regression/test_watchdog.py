"""Ranks that are stopped, stuck or suspended with the job, and the watchdog that tells them apart.
Usage: see harness.py.

No time is compared with anything but generous bounds for "ends"."""

import concurrent.futures
import contextlib
import os
import pathlib
import signal
import subprocess
import time
import unittest

import harness
from small_runs import SmallRuns

LIMIT = 5  # seconds: longer than a step or a write of run.h5, whatever else the machine does
ENDS = 60
LONG = {"train.epochs": 1000000, "optimizer.schedule": "constant", "output.log_every": 1,
        "train.eval_every": 1000000, "output.checkpoint_every": 1000000}


def environment(process):
    try:
        entries = pathlib.Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except OSError:  # it has ended, or is not ours
        return {}
    return dict(entry.partition(b"=")[::2] for entry in entries)


def ranks_of(mark):
    """Process by rank of the job that was started with WATCHDOG_TEST=mark."""
    found = {}
    for entry in os.listdir("/proc"):
        variables = environment(entry) if entry.isdigit() else {}
        rank = variables.get(b"OMPI_COMM_WORLD_RANK", variables.get(b"PMIX_RANK"))
        if rank is not None and variables.get(b"WATCHDOG_TEST") == mark.encode():
            found[int(rank)] = int(entry)
    return found


class Watchdog(SmallRuns):
    @contextlib.contextmanager
    def training(self, directory, ranks, fault=None):
        """A training without end that has done its first steps, and its processes by rank."""
        mark = f"{os.getpid()}_{directory}"
        arguments = self.train_arguments(directory, LONG) + ["--watchdog", LIMIT]
        with open(self.path / f"{directory}.out", "wb") as output, subprocess.Popen(
                harness.command(*arguments, ranks=ranks), cwd=self.path, stdout=output,
                stderr=subprocess.PIPE, text=True,
                env={**os.environ, "WATCHDOG_TEST": mark,
                     **({"SUPERPOSE_FAULT": fault} if fault else {})}) as job:
            try:
                self.wait_for(lambda: "step      3/" in
                              (self.path / f"{directory}.out").read_text(), job)
                processes = ranks_of(mark)
                self.assertEqual(sorted(processes), list(range(ranks)))
                yield job, processes
                self.wait_for(lambda: not ranks_of(mark))  # no process is left
            finally:
                job.kill()
                for process in ranks_of(mark).values():
                    os.kill(process, signal.SIGKILL)

    def wait_for(self, condition, job=None):
        deadline = time.monotonic() + ENDS
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(job and job.poll())
            time.sleep(0.05)

    def assert_ends(self, job, pattern):
        _, errors = job.communicate(timeout=ENDS)
        self.assertEqual(job.returncode, 7, errors)
        self.assertRegex(errors, "superpose: error: " + pattern)
        self.assertEqual(errors.count("superpose: error"), 1, errors)

    def stopped_rank_is_named(self, rank, ranks):
        with self.training(f"stopped_{rank}_of_{ranks}", ranks) as (job, processes):
            os.kill(processes[rank], signal.SIGSTOP)
            self.assert_ends(job, rf"rank {rank} \(.+\) has not been heard of for \d+ s")

    def rank_that_hangs_is_named_with_step_and_phase(self, rank):
        with self.training(f"hangs_{rank}", ranks=2, fault=f"hang:forward:{rank}:5") as (job, _):
            self.assert_ends(job, rf"rank {rank} \(.+\) is stuck in forward of step 5 for \d+ s")

    def job_suspended_as_a_whole_goes_on(self):
        with self.training("suspended", ranks=2) as (job, processes):
            for process in processes.values():
                os.kill(process, signal.SIGSTOP)
            time.sleep(LIMIT + 2)
            for process in processes.values():
                os.kill(process, signal.SIGCONT)
            time.sleep(LIMIT + 2)
            self.assertIsNone(job.poll())
            job.terminate()
            _, errors = job.communicate(timeout=ENDS)
            self.assertNotIn("superpose: error", errors)

    def test_ranks_that_stop_or_hang_and_jobs_that_are_suspended(self):
        """A few jobs side by side: they wait for most of their time."""
        with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
            outcomes = {"suspended": pool.submit(self.job_suspended_as_a_whole_goes_on)}
            for rank, ranks in ((0, 4), (3, 4), (0, 2), (1, 2)):
                outcomes[f"{rank} of {ranks} stopped"] = pool.submit(self.stopped_rank_is_named,
                                                                     rank, ranks)
            for rank in (0, 1):
                outcomes[f"{rank} hangs"] = pool.submit(
                    self.rank_that_hangs_is_named_with_step_and_phase, rank)
        for name, outcome in outcomes.items():
            with self.subTest(name):
                outcome.result()

    def test_an_undisturbed_run_is_left_alone_and_the_same_bit_for_bit(self):
        outcomes = []
        for limit, ranks in ((0, 2), (ENDS, 2), (ENDS, 4), (ENDS, None)):
            directory = f"undisturbed_{limit}_{ranks}"
            arguments = self.train_arguments(directory, {}) + ["--watchdog", limit]
            self.assert_succeeds(self.run_program(*arguments, ranks=ranks))
            outcomes.append(self.outcome(directory))
        for outcome in outcomes[1:]:
            self.assertEqual(outcome, outcomes[0])

    def test_a_negative_limit_is_refused(self):
        self.assert_fails(self.run_program(*self.train_arguments("refused", {}), "--watchdog", -1),
                          2, "--watchdog")


if __name__ == "__main__":
    harness.main()
