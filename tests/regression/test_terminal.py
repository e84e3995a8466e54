"""At a terminal and away from it: the progress bar, -q and -v, spellings of options. Terminals are
pseudo-terminals. Usage: see harness.py."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import harness
from small_runs import SmallRuns

ERASED = "\r\x1b[K"
SWEEP = """
[sweep]
base = "small.toml"
[train]
epochs = 1
[[axis]]
key = "optimizer.beta2"
values = [0.9, 0.99]
"""


def shown(text):
    """The lines that a terminal shows in the end."""
    return [line.rsplit(ERASED, 1)[-1] for line in text.replace("\r\n", "\n").split("\n")]


def without_numbers(lines):
    """Sorted: where the time went is told in the order of times."""
    return sorted(re.sub(r"[\d.:e+-]+", "#", line).replace(" ", "") for line in lines)


class Terminal(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        assert cls.train("trained", {"train.epochs": 1}).returncode == 0
        (cls.path / "sweep.toml").write_text(SWEEP)
        assert cls.run_program("sweep", "submit", "sweep.toml", "--local", 1).returncode == 0

    def at_terminal(self, *arguments, stdout=None, columns=100, terminal="xterm"):
        """What appears on the terminal: stderr and, unless it goes elsewhere, stdout."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
        with subprocess.Popen(harness.command(*arguments), cwd=self.path, stdin=subprocess.DEVNULL,
                              stdout=slave if stdout is None else stdout, stderr=slave,
                              env={**os.environ, "TERM": terminal}) as process:
            os.close(slave)
            content = b""
            try:
                while part := os.read(master, 65536):
                    content += part
            except OSError:  # the terminal's other end is closed
                pass
            os.close(master)
        self.assertEqual(process.returncode, 0, content)
        return content.decode()

    def training(self, name, *more):
        return ["train", "small.toml", "--output.directory", name, "--train.epochs", 2, *more]

    # --- The bar ----------------------------------------------------------------------------------

    def test_a_training_draws_and_takes_away_its_bar(self):
        """What stays on the terminal is what a pipe gets."""
        text = self.at_terminal(*self.training("bar"))
        self.assertIn(f"{ERASED}epoch 1/2  [", text)
        self.assertRegex(text, r"epoch 2/2  \[=*>? *\] +\d+ %  \d/3")
        self.assertIn(f"{ERASED}evaluation  [", text)
        piped = self.run_program(*self.training("piped"))
        self.assertEqual(without_numbers(shown(text)),
                         without_numbers(piped.stdout.replace("piped", "bar").split("\n")))
        self.assertEqual(shown(text)[-1], "")

    def test_long_commands_have_a_bar(self):
        for what, arguments in (
                ("problems", ["generate", "some.json", "--count", 600, "--n_nodes", 12]),
                ("probe", ["probe", "trained", "--data", "valid.json", "--output", "probe.h5"]),
                ("evaluation", ["evaluate", "trained", "valid.json"]),
                ("theory", ["theory", "construct", "theory.h5", "--count", 2, "--longest", 0]),
                ("histories", ["sweep", "collect", "sweep.toml"])):
            with self.subTest(what):
                text = self.at_terminal(*arguments)
                self.assertIn(f"{ERASED}{what}  [", text)
                self.assertNotIn("%  0/", "\n".join(shown(text)))

    def test_no_file_or_pipe_has_anything_of_it(self):
        result = self.run_program(*self.training("both"))
        self.assert_succeeds(result)
        self.assertNotIn("\x1b", result.stdout + result.stderr)
        with open(self.path / "file", "w", encoding="utf-8") as file:
            text = self.at_terminal(*self.training("half"), stdout=file)
        self.assertIn("epoch 1/2  [", text)
        self.assertNotIn("\x1b", (self.path / "file").read_text())
        self.assertNotIn("\x1b", self.at_terminal(*self.training("dumb"), terminal="dumb"))
        self.assertNotIn("\x1b", self.at_terminal(*self.training("quiet"), "-q"))

    def test_it_fits_on_the_terminal(self):
        text = self.at_terminal(*self.training("narrow"), columns=24)
        bars = [part.split("\r")[0].split("\n")[0] for part in text.split(ERASED)[1:]]
        bars = [bar for bar in bars if bar.startswith("epoch 1/2  ")]
        self.assertTrue(bars)
        self.assertLessEqual(max(map(len, bars)), 23)

    # --- -q, -v -----------------------------------------------------------------------------------

    def test_quiet_leaves_warnings_and_errors(self):
        for word in ("-q", "--quiet"):
            result = self.run_program(*self.training(f"silent{word}"), word)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        (self.path / "stopped").mkdir()
        (self.path / "stopped" / "stop").touch()
        result = self.run_program(*self.training("stopped"), "-q")
        self.assertEqual((result.returncode, result.stdout), (75, ""))
        self.assertIn("run the same command to go on", result.stderr)
        self.assert_fails(self.run_program(*self.training("q", "--train.epochs", 0), "-q"), 2,
                          "train.epochs")

    def test_verbose_says_on_stderr_what_is_read_and_written(self):
        result = self.run_program(*self.training("verbose"), "-v", ranks=2)
        self.assert_succeeds(result)
        for what in ("read train.json: 44 problems", "wrote verbose/run.h5", "2 ranks on",
                     "wrote verbose/checkpoint_000000006.h5", "n_embd = 32"):
            self.assertIn(what, result.stderr)
        self.assertEqual(result.stderr.count("read train.json"), 1, "rank 0 alone")
        plain = self.run_program(*self.training("plain__"), ranks=2)
        self.assertEqual(without_numbers(result.stdout.split("\n")),
                         without_numbers(plain.stdout.replace("plain__", "verbose").split("\n")))
        self.assert_fails(self.run_program(*self.training("x"), "-v", "-q"), 2, "--quiet")

    def test_they_do_not_make_another_command_of_it(self):
        """An output may be replaced by the command that wrote it."""
        probe = ["probe", "trained", "--data", "valid.json", "--output", "again.h5"]
        self.assert_succeeds(self.run_program(*probe, "--raw_problems", 1))
        self.assert_succeeds(self.run_program(*probe, "-v", "--raw-problems", 1))
        self.assert_fails(self.run_program(*probe, "--raw-problems", 2), 2, "of another command")


if __name__ == "__main__":
    harness.main()
