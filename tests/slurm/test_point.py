"""slurm/point.sh as the runner without SLURM calls it. Usage: see slurm_runs.py."""

import os
import re
import signal
import socket
import subprocess
import time

from slurm_runs import LONG, SHORT, SOURCE, harness
from small_runs import SmallRuns

from points import make_point, state_of, training, write_job

ON_TWO_RANKS = f"{harness.MPIEXEC} -n 2"


class Point(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        cls.generate("train.json", count=8 * 60, seed=1)
        for directory, settings in (("short", SHORT), ("long", LONG)):
            cls.train(directory, settings)

    def start(self, point, launcher=""):
        """point.sh under way, in a job of SLURM no more than the local runner is."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
        return subprocess.Popen(
            ["bash", SOURCE / "slurm" / "point.sh", point], cwd=self.path, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**own, "SUPERPOSE": harness.PROGRAM, "SUPERPOSE_LAUNCHER": launcher})

    def run_point(self, point, launcher=""):
        with self.start(point, launcher) as process:
            output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def stop_after_first_checkpoint(self, point, directory, number, launcher):
        with self.start(point, launcher) as process:
            while not self.checkpoints(directory):
                if process.poll() is not None:
                    self.fail((point / "log").read_text())
                time.sleep(0.05)
            running = state_of(point)
            process.send_signal(number)
            process.communicate(timeout=120)
        return process.returncode, running

    def assert_state(self, point, state, code):
        found, job, host, when, number = state_of(point)
        self.assertEqual((found, job, host, number),
                         (state, "local", socket.gethostname(), f"{code}\n"),
                         (point / "log").read_text())
        self.assertTrue(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", when), when)
        self.assertEqual(list(point.glob("state.*")), [])

    def test_its_commands_run_in_turn_and_their_output_is_kept(self):
        point = make_point(self.path / "a point", training("ranks", "in turn", SHORT),
                           "serial evaluate 'in turn/best.h5' valid.json --json 'in turn/e.json'")
        self.assertEqual(self.run_point(point, ON_TWO_RANKS), (0, ""))
        self.assert_state(point, "done", 0)
        self.assertEqual(self.outcome("in turn"), self.outcome("short"))
        log = (point / "log").read_text()
        self.assertIn("2 ranks", log)
        self.assertLess(log.index("epoch    2/2"), log.index("best.h5 (step "))
        self.assertTrue(self.read_json("in turn/e.json")["results"])

    def test_a_stopped_point_is_interrupted_and_goes_on(self):
        for number, launcher in ((signal.SIGTERM, ON_TWO_RANKS), (signal.SIGINT, "")):
            with self.subTest(number.name):
                directory = f"stopped_{number.name}"
                point = make_point(self.path / number.name, training("ranks", directory, LONG))
                code, running = self.stop_after_first_checkpoint(point, directory, number, launcher)
                self.assertEqual((code, running[0], running[-1]), (75, "running", "0\n"))
                self.assert_state(point, "interrupted", 75)
                self.assertEqual(self.run_point(point)[0], 0)
                self.assert_state(point, "done", 0)
                self.assertEqual(self.outcome(directory), self.outcome("long"))

    def test_a_command_without_checkpoints_that_is_stopped_may_be_repeated(self):
        point = make_point(self.path / "asleep", "run sleep 60 || exit", "serial --version")
        with self.start(point) as process:
            while not (point / "state").exists():
                time.sleep(0.05)
            process.terminate()
            process.communicate(timeout=30)
        self.assertEqual(process.returncode, 75)
        self.assert_state(point, "interrupted", 75)
        self.assertEqual((point / "log").read_text(), "")

    def test_a_signal_as_it_starts_does_not_leave_a_point_running(self):
        """The moments in which bash starts, reads the scripts, writes the state and runs job.sh."""
        for moment in range(30):
            point = make_point(self.path / f"early {moment}", "serial --version")
            with self.start(point) as process:
                time.sleep(moment / 300)
                process.terminate()
                process.communicate(timeout=30)
            if (point / "state").exists():  # otherwise it had not begun
                self.assertIn(state_of(point)[0], ("interrupted", "done"),
                              (point / "log").read_text())

    def test_the_first_command_that_fails_ends_the_point(self):
        point = make_point(self.path / "typo", "serial evaluate none.h5 valid.json",
                           "serial --version")
        self.assertEqual(self.run_point(point), (4, ""))
        self.assert_state(point, "failed", 4)
        self.assertNotIn("commit", (point / "log").read_text())
        write_job(point, "serial --version")
        self.assertEqual(self.run_point(point), (0, ""))
        self.assert_state(point, "done", 0)
        self.assertIn("none.h5", (point / "log").read_text(), "what failed stays in the log")

    def test_a_point_without_job_or_directory_fails(self):
        point = make_point(self.path / "empty")
        (point / "job.sh").unlink()
        self.assertEqual(self.run_point(point), (1, ""))
        self.assert_state(point, "failed", 1)
        code, output = self.run_point(self.path / "nowhere")
        self.assertEqual(code, 2)
        self.assertIn("there is no directory", output)


if __name__ == "__main__":
    harness.main()
