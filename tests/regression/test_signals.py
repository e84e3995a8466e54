"""Signals and closed pipes: a training ends with a checkpoint and code 75, whatever asks it to, and
the memory of a thread that computes is never touched. Usage: see harness.py."""

import os
import pathlib
import re
import resource
import signal
import subprocess
import time

import harness
from test_resume import SETTINGS, Interrupted

# Most of a step is spent in products that oneDNN compiles at run time; its kernels of AVX2 hold data
# in the stack pointer.
WIDE = {"model.n_embd": 128, "train.epochs": 2}
AVX2 = {"DNNL_MAX_CPU_ISA": "AVX2"}


class Signals(Interrupted):
    def start(self, directory, settings=SETTINGS, environment=(), **options):
        arguments = harness.command(*self.train_arguments(directory, settings))
        return subprocess.Popen(arguments, cwd=self.path, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env={**os.environ, **dict(environment)},
                                **options)

    @staticmethod
    def wait_for_a_step(process):
        for line in process.stdout:
            if b"step      2/" in line:
                return

    def assert_interrupted(self, process, *parts):
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, errors.decode())
        for part in parts:
            self.assertIn(part, errors.decode())

    def undisturbed(self, settings, environment=()):
        """The outcome of a run that is left alone; computed once for each width."""
        directory = f"undisturbed{settings.get('model.n_embd', '')}"
        if not (self.path / directory).exists():
            with self.start(directory, settings, environment) as process:
                _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, errors.decode())
        return self.outcome(directory)


class Stop(Signals):
    def test_each_stop_signal_is_named_and_the_same_command_goes_on(self):
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGXCPU):
            with self.subTest(number), self.start(number.name) as process:
                self.wait_for_a_step(process)
                process.send_signal(number)
                self.assert_interrupted(process, f"stopped by {number.name} at step ")
                self.assert_succeeds(self.train(number.name, SETTINGS))
                self.assertEqual(self.outcome(number.name), self.undisturbed(SETTINGS))

    def test_repeats_change_nothing(self):
        """Until the process is gone: also while it leaves."""
        with self.start("repeats") as process:
            self.wait_for_a_step(process)
            while process.poll() is None:
                process.send_signal(signal.SIGTERM)
                time.sleep(0.0005)
            self.assert_interrupted(process, "stopped by SIGTERM")

    def test_a_signal_that_is_ignored_stays_so(self):
        """As nohup has it."""
        ignore = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
        with self.start("nohup", preexec_fn=ignore) as process:
            self.wait_for_a_step(process)
            process.send_signal(signal.SIGHUP)
            process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)

    def test_a_closed_output_pipe_stops_with_a_checkpoint(self):
        with self.start("closed") as process:
            self.wait_for_a_step(process)
            process.stdout.close()
            process.stdout = None
            self.assert_interrupted(process, "stopped by a closed output pipe at step ")
        self.assert_succeeds(self.train("closed", SETTINGS))

    def test_other_commands_end_at_a_closed_pipe(self):
        self.undisturbed(SETTINGS)
        command = harness.command("evaluate", self.checkpoints("undisturbed")[-1], "valid.json")
        with subprocess.Popen(command, cwd=self.path, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as process:
            process.stdout.close()
            process.wait(60)
        self.assertEqual(process.returncode, -signal.SIGPIPE)

    def test_a_file_size_limit_is_an_error_of_input_and_output(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))  # noqa: E731
        with self.start("limit", preexec_fn=limit) as process:
            _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 5, errors.decode())


class Storm(Signals):
    """A timer that strikes a thousand times a second, with a handler on the normal stack: as of a
    library that knows nothing of us."""

    def test_no_handler_disturbs_a_product(self):
        expected = self.undisturbed(WIDE, AVX2)
        storm = {**AVX2, "LD_PRELOAD": str(pathlib.Path(harness.PROGRAM).parent / "libtimer_storm.so")}
        with self.start("storm", WIDE, storm) as process:
            _, errors = process.communicate(timeout=100)
        self.assertEqual(process.returncode, 0, errors.decode())
        ticks = re.search(r"timer_storm: (\d+) ticks", errors.decode())
        self.assertGreater(int(ticks[1]), 0)
        self.assertEqual(self.outcome("storm"), expected)

    def test_stops_inside_products_lose_nothing(self):
        expected = self.undisturbed(WIDE, AVX2)
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
            directory = f"wide_{number.name}"
            with self.subTest(number), self.start(directory, WIDE, AVX2) as process:
                self.wait_for_a_step(process)
                process.send_signal(number)
                self.assert_interrupted(process, f"stopped by {number.name}")
            with self.start(directory, WIDE, AVX2) as process:
                process.communicate(timeout=60)
            self.assertEqual(self.outcome(directory), expected)


if __name__ == "__main__":
    harness.main()
