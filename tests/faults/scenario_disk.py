"""The disk fails while a run writes to it. Every file system is mounted in a name space of this
process alone, which takes root. Usage: see scenario.py."""

import itertools
import os
import shutil
import subprocess
import sys
import unittest

import scenario

BACK_ENDS = ("ompio", "romio321")  # of MPI-IO
LONG = {"train.epochs": 100000, "output.checkpoint_every": 1}  # ends by the fault
SECONDS = 30
INSIDE = "SUPERPOSE_TEST_OWN_MOUNTS"


def enter_own_mounts():
    """Starts this program again where mounts are seen by nobody else; goes on if it may not."""
    if os.environ.get(INSIDE) or os.geteuid() != 0 or shutil.which("unshare") is None:
        return
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        return
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable,
                          *sys.argv])


class Disk(scenario.Scenario):
    asked = f"disk full, read-only or directory removed, two MPI-IO back ends: exit 5 in {SECONDS} s"

    def trials(self):
        faults = {"full": self.full, "filled by another": self.filled, "read-only": self.read_only,
                  "removed": self.removed}
        for i in range(self.count(full=3, short=1)):
            for (name, fault), back_end in itertools.product(faults.items(), BACK_ENDS):
                yield (f"{name}, {back_end}, {i}",
                       lambda i=i, name=name, fault=fault, back_end=back_end:
                       fault(f"{name.replace(' ', '_')}_{back_end}_{i}", back_end, i))

    def mount(self, directory, kib):
        """A file system of this size in the run directory, until the end of this process."""
        if not os.environ.get(INSIDE):
            raise unittest.SkipTest("mounting takes root and unshare --mount")
        path = self.path / directory
        path.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "none", path], check=True)
        self.addClassCleanup(subprocess.run, ["umount", "--lazy", path], check=True)
        return path

    def start_on(self, back_end, directory):
        return self.start(directory, LONG, ranks=2, OMPI_MCA_io=back_end)

    def assert_io_error(self, job, directory):
        result = job.finish(within=SECONDS)
        self.assert_fails(result, 5, directory)
        return result

    def assert_newest_loads(self, directory):
        newest = self.checkpoints(directory)[-1]
        self.assert_succeeds(self.run_program("evaluate", newest, "valid.json"))

    def checkpoint_kib(self):
        self.undisturbed({})
        return self.checkpoints("undisturbed")[-1].stat().st_size // 1024

    def full(self, directory, back_end, i):
        """Room for run.h5 and some checkpoints; one being written takes nearly twice its size."""
        self.mount(directory, int((2.5 + i) * self.checkpoint_kib()) + 200)
        job = self.start_on(back_end, directory)
        if i < 2:  # with the two that are kept, a third has no room
            self.assert_io_error(job, directory)
            return self.assert_newest_loads(directory)
        # All have room until the histories have grown.
        self.wait_for_checkpoint(directory)
        self.fill(directory)
        self.assert_io_error(job, directory)
        self.assert_newest_loads(directory)

    def filled(self, directory, back_end, _):
        self.mount(directory, 20000)
        job = self.start_on(back_end, directory)
        self.wait_for_checkpoint(directory)
        self.fill(directory)
        self.assert_io_error(job, directory)
        self.assert_newest_loads(directory)

    def read_only(self, directory, back_end, _):
        """Another file system comes over the directory: its own cannot be made read-only while the
        lock is open for writing."""
        path = self.path / directory
        path.mkdir()
        job = self.start_on(back_end, directory)
        self.wait_for_checkpoint(directory)
        self.undisturbed({})
        checkpoint = self.checkpoints("undisturbed")[-1]
        self.mount(directory, 20000)
        shutil.copy(checkpoint, path)
        remount = ["mount", "-o", "remount,ro", path]  # refused while a file is being written
        scenario.wait_until(
            lambda: subprocess.run(remount, capture_output=True).returncode == 0)
        self.assert_io_error(job, directory)
        self.assert_newest_loads(directory)

    def removed(self, directory, back_end, _):
        job = self.start_on(back_end, directory)
        self.wait_for_checkpoint(directory)
        while (self.path / directory).exists():
            shutil.rmtree(self.path / directory, ignore_errors=True)
        self.assert_io_error(job, directory)

    def wait_for_checkpoint(self, directory):
        scenario.wait_until(lambda: self.checkpoints(directory))

    def fill(self, directory):
        with open(self.path / directory / "filler", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass


if __name__ == "__main__":
    enter_own_mounts()
    scenario.main(Disk)
