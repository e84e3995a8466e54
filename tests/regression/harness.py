"""Runs the real program for the tests of this folder.

Usage of each: test_X.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; without MPIEXEC the parallel tests
are skipped.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM, CONFIGS = sys.argv[1], pathlib.Path(sys.argv[2])
MPIEXEC = sys.argv[3] if len(sys.argv) > 3 else None

# Of Open MPI: processes started without mpiexec and its daemon all take one directory for themselves
# and remove it when they end, so tests that run side by side need one each.
SESSIONS = tempfile.TemporaryDirectory(prefix="superpose_mpi_")

# Open MPI 4 and 5: run as root (containers); more ranks than cores; no search for networks and, for
# a process started without mpiexec, no daemon, which take half a second each start. Other MPI
# libraries ignore these.
os.environ.update({
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "PRTE_MCA_hwloc_default_binding_policy": "none",
    "OMPI_MCA_orte_tmpdir_base": SESSIONS.name, "OMPI_MCA_pml": "ob1",
    "OMPI_MCA_btl": "self,vader", "OMPI_MCA_ess_singleton_isolated": "1"})

# Under nohup, or in the background of a script, tests are started with these ignored, and the program
# would ignore them too.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


def command(*arguments, ranks=None):
    """The command line of the program; without a number of ranks, mpiexec is left out."""
    if ranks is not None and MPIEXEC is None:
        raise unittest.SkipTest("no MPIEXEC given")
    prefix = [] if ranks is None else [MPIEXEC, "-n", str(ranks)]
    return [*prefix, PROGRAM, *map(str, arguments)]


def run(*arguments, ranks=None, folder=None):
    return subprocess.run(command(*arguments, ranks=ranks), cwd=folder, capture_output=True,
                          text=True, timeout=120)


class Case(unittest.TestCase):
    """Tests that share a temporary folder, self.path; `settle_in` may fill it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="superpose_")
        cls.addClassCleanup(folder.cleanup)
        cls.path = pathlib.Path(folder.name)
        cls.settle_in()

    @classmethod
    def settle_in(cls):
        pass

    def assert_fails(self, result, code, *parts):
        """The exit code, and an error message that holds these parts."""
        self.assertEqual(result.returncode, code, result.stderr)
        for part in ("superpose: error", *parts):
            self.assertIn(part, result.stderr)

    def assert_succeeds(self, result, *parts):
        """Exit code 0, and an output that holds these parts."""
        self.assertEqual(result.returncode, 0, result.stderr)
        for part in parts:
            self.assertIn(part, result.stdout)


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
