"""What the fault scenarios share. A scenario is one file, scenario_NAME.py, found by faults.sh and by
CTest: a class with the words of what is asked and a generator of its trials, each a description and
a function that raises if the program did not stand it.

Usage of each: scenario_X.py SUPERPOSE CONFIGS MPIEXEC [--short]; SUPERPOSE_FAULTS_SEED chooses other
random moments.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "regression"))
import harness  # noqa: E402
from small_runs import SmallRuns  # noqa: E402

# Ranks that wait leave the cores, of which there may be fewer, to those that do not.
os.environ["OMPI_MCA_mpi_yield_when_idle"] = "1"

# oneDNN's kernels of AVX2 hold data in the stack pointer, others may not: whatever interrupts a thread
# that computes is worst there.
os.environ.setdefault("DNNL_MAX_CPU_ISA", "AVX2")

# Settings under which most of a step is spent in products compiled at run time; the small runs' own
# products are too small for that.
WIDE = {"model.n_embd": 128}

MARK = "SUPERPOSE_TEST_JOB"  # in the environment of all processes of a job


class Job:
    """The program under way, alone or with mpiexec. Its processes are found wherever their parents
    have gone."""

    def __init__(self, arguments, ranks, folder, environment):
        self.mark = f"{MARK}={uuid.uuid4()}".encode()
        # A message may quote a damaged file.
        self.output, self.errors = (tempfile.TemporaryFile("w+", errors="replace") for _ in "12")
        name, value = self.mark.decode().split("=")
        self.process = subprocess.Popen(
            harness.command(*arguments, ranks=ranks), cwd=folder, stdout=self.output,
            stderr=self.errors, stdin=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, **environment, name: value})

    def processes(self):
        """Ids of all that live."""
        return [int(entry.name) for entry in pathlib.Path("/proc").iterdir()
                if entry.name.isdigit() and self.mark in read_bytes(entry / "environ").split(b"\0")]

    def ranks(self):
        name = pathlib.Path(harness.PROGRAM).name
        return sorted(pid for pid in self.processes()
                      if read_bytes(pathlib.Path(f"/proc/{pid}/comm")).decode().strip() == name)

    def kill(self, pids):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def wait_for_output(self, text, within=60):
        """Until it has printed this."""
        wait_until(lambda: text in self.so_far() or self.process.poll() is not None, within)

    def so_far(self):
        """What it has printed; without moving the place where it goes on writing."""
        return os.pread(self.output.fileno(), 1 << 20, 0).decode(errors="replace")

    def finish(self, within=60):
        """The ended job as subprocess.run gives it. An error if it does not end within so many
        seconds or leaves a process behind."""
        try:
            self.process.wait(within)
            left = self.wait_for_processes(within=2)
        except subprocess.TimeoutExpired:
            left = self.processes()
        if left:
            self.kill(left)
            self.process.wait()
        result = subprocess.CompletedProcess(self.process.args, self.process.returncode,
                                             self.text(self.output), self.text(self.errors))
        assert not left, f"{len(left)} processes left after {within} s\n{result.stderr}"
        return result

    def wait_for_processes(self, within):
        until = time.monotonic() + within
        while (left := self.processes()) and time.monotonic() < until:
            time.sleep(0.05)
        return left

    @staticmethod
    def text(file):
        with file:
            file.seek(0)
            return file.read()


def read_bytes(path):
    """Nothing for a process that is gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def wait_until(condition, within=30):
    until = time.monotonic() + within
    while not condition():
        assert time.monotonic() < until, f"waited {within} s in vain"
        time.sleep(0.01)


class Scenario(SmallRuns):
    asked = ""  # of the program, for the table
    short = "--short" in sys.argv[4:]
    job = None  # the latest
    on_disk = False  # whether its moments are to include the waits for a disk

    def trials(self):
        """Pairs of a description and a function of no arguments."""
        raise NotImplementedError

    def count(self, full, short):
        return short if self.short else full

    def start(self, directory, settings=(), ranks=None, fault=None, options=(), **environment):
        if fault is not None:
            environment["SUPERPOSE_FAULT"] = fault
        arguments = [*self.train_arguments(directory, dict(settings)), *options]
        self.job = Job(arguments, ranks, self.path, environment)
        return self.job

    def end_job(self):
        """A trial that fails half-way leaves nothing to disturb the next."""
        if self.job is not None:
            self.job.kill(self.job.processes())

    def run_job(self, *arguments, within=60, **options):
        return self.start(*arguments, **options).finish(within)

    def stop_at(self, step, directory, settings=(), ranks=None):
        """Trains, asked to stop in this step; the newest checkpoint is of this step."""
        result = self.run_job(directory, settings, ranks=ranks, fault=f"term:step:all:{step}")
        self.assertEqual(result.returncode, 75, result.stderr)
        newest = self.checkpoints(directory)[-1].name
        self.assertEqual(newest, f"checkpoint_{step:09}.h5")

    def undisturbed(self, settings, directory="undisturbed", within=60):
        """The outcome of a run that is left alone; computed once a directory."""
        if not (self.path / directory).exists():
            self.assert_succeeds(self.run_job(directory, settings, within=within))
        return self.outcome(directory)

    def assert_ends_as(self, expected, directory, settings=(), ranks=None):
        """The same command again completes, in the bits of the undisturbed run."""
        self.assert_succeeds(self.run_job(directory, settings, ranks=ranks))
        self.assertEqual(self.outcome(directory), expected)


def choose_folder(on_disk):
    """Temporary folders are in memory where there is room: a shared disk takes most of the time."""
    memory = pathlib.Path("/dev/shm")
    if not on_disk and memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30:
        tempfile.tempdir = str(memory)


def run_trial(scenario, description, trial):
    """"passed", "failed" or "skipped"."""
    try:
        trial()
        print(f"passed: {description}", flush=True)
        return "passed"
    except unittest.SkipTest as reason:
        print(f"skipped: {description}: {reason}", flush=True)
        return "skipped"
    except Exception:  # a scenario goes on after a failure, to count them
        print(f"FAILED: {description}\n{traceback.format_exc()}", flush=True)
        return "failed"
    finally:
        scenario.end_job()


def main(scenario_class):
    """Runs all trials; the last line of output is the scenario's line of the table, as JSON."""
    random.seed(os.environ.get("SUPERPOSE_FAULTS_SEED", "0"))
    choose_folder(scenario_class.on_disk)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by way of the clean-ups
    results = []
    try:
        scenario_class.setUpClass()
        scenario = scenario_class()
        for description, trial in scenario.trials():
            results.append(run_trial(scenario, description, trial))
    finally:
        scenario_class.doClassCleanups()
    counts = {name: results.count(name) for name in ("passed", "failed", "skipped")}
    name = pathlib.Path(sys.argv[0]).stem.removeprefix("scenario_")
    print(json.dumps({"scenario": name, "asked": scenario_class.asked, "runs": len(results),
                      **counts}))
    sys.exit(0 if results and counts["failed"] == 0 else 1)
