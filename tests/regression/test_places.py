"""Training, resuming, evaluating, probing and drawing in places and surroundings that users have and
tests do not: names of any characters, long paths, read-only file systems, closed streams, LANG=C and
OMP_NUM_THREADS. Usage: see harness.py."""

import contextlib
import os
import pathlib
import subprocess
import unittest

import harness
from small_runs import SmallRuns

ROOT = pathlib.Path(__file__).resolve().parents[2]
ODD = os.fsdecode(b"a 'quote' \"and\" $HOME\n\xff")  # blanks, quotes, $, a newline, no UTF-8
CONSTANT = "--optimizer.schedule=constant"  # a run of it may be made longer
LONG = "/".join([100 * "d"] * 3)


class Places(SmallRuns):
    def in_place(self, name):
        """A new folder with the configuration and the problems."""
        folder = self.path / name
        folder.mkdir(parents=True)
        for file in ("small.toml", "train.json", "valid.json"):
            (folder / file).write_bytes((self.path / file).read_bytes())
        return folder

    def run_in(self, folder, *command, environment=None):
        """With stdout closed, in LANG=C and with OMP_NUM_THREADS set; returns what stderr got."""
        result = subprocess.run(
            [*map(str, command)], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, errors="replace", timeout=120, preexec_fn=lambda: os.close(1),
            env={**os.environ, "LANG": "C", "LC_ALL": "C", "OMP_NUM_THREADS": "2",
                 **(environment or {})})
        return result

    def assert_done(self, result, code=0):
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def work_through(self, folder, draws=False):
        """Every step of a user's; all files are where they should be."""
        for epochs in (1, 2):  # begun, then resumed
            self.assert_done(self.run_in(folder, *harness.command("train", "small.toml", "--train.epochs",
                                                                  epochs, CONSTANT)))
        run = folder / "run"
        self.assert_done(self.run_in(folder, *harness.command(
            "evaluate", run, folder / "valid.json", "--json", run / "evaluation.json")))
        self.assert_done(self.run_in(folder, *harness.command(
            "probe", run, "--data", folder / "valid.json", "--output", run / "probe.h5")))
        if draws:
            self.assert_done(self.run_in(folder, "bash", ROOT / "jobs" / "figures" / "draw.sh",
                                         "edge_groups", run / "probe.h5"))
        made = {path.name for path in run.rglob("*")}
        self.assertLessEqual({"run.h5", "evaluation.json", "probe.h5",
                              *(["edge_groups.png", "edge_groups.pdf"] if draws else [])}, made)
        self.assertEqual([name for name in made if "tmp" in name or "partial" in name], [])
        return run

    def test_names_of_any_characters_and_long_paths(self):
        plain = self.outcome(self.work_through(self.in_place("plain")))
        for name, draws in ((ODD, True), (LONG, False)):
            with self.subTest(name=os.fsencode(name)):
                run = self.work_through(self.in_place(name), draws)
                self.assertEqual(self.outcome(run), plain)

    def test_no_script_counts_cores_by_the_threads_of_a_rank(self):
        """GNU nproc obeys OMP_NUM_THREADS, which users set for OpenMP's sake."""
        for script in (path for path in ROOT.rglob("*.sh") if "build" not in path.parts):
            for line in script.read_text().splitlines():
                if "nproc" in line and not line.lstrip().startswith("#"):
                    self.assertIn("env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc", line, script)

    # --- Read-only --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def read_only(self, folder):
        """What to put before a command so that the folder is a read-only mount for it, or, where this
        process may not mount, so that a folder without write permission is all that it sees."""
        script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && cd "$1" && shift && exec "$@"'
        mounted = ["unshare", "--mount", "bash", "-c", script, "bash", folder]
        if subprocess.run([*mounted, "true"], capture_output=True).returncode == 0:
            yield mounted
            return
        if os.geteuid() == 0:
            raise unittest.SkipTest("root may write anywhere and cannot mount here")
        modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*")) if path.is_dir()}
        try:
            for path in modes:
                path.chmod(0o555)
            yield ["env"]
        finally:
            for path, mode in modes.items():
                path.chmod(mode)

    def test_a_finished_run_on_a_read_only_file_system(self):
        folder = self.in_place("finished")
        train = harness.command("train", "small.toml", CONSTANT, "--train.epochs", 1)
        self.assert_done(self.run_in(folder, *train))
        sweep = '[sweep]\nbase = "small.toml"\nseeds = 1\n[train]\nepochs = 1\n'
        (folder / "sweep.toml").write_text(sweep)
        self.assert_done(self.run_in(folder, *harness.command("sweep", "submit", "sweep.toml", "--local",
                                                              1)))
        elsewhere = self.path / "elsewhere"
        with self.read_only(folder) as prefix:
            commands = (
                (0, train), (0, harness.command("sweep", "plan", "sweep.toml")),
                (0, harness.command("sweep", "submit", "sweep.toml", "--local", 1)),
                (0, harness.command("sweep", "status", "sweep.toml")),
                (0, harness.command("sweep", "collect", "sweep.toml", "--output", elsewhere / "c.h5")),
                (0, harness.command("inspect", "run")),
                (0, harness.command("evaluate", "run", "valid.json", "--json", elsewhere / "e.json")),
                (5, harness.command("evaluate", "run", "valid.json", "--json", "e.json")),
                (0, harness.command("probe", "run", "--data", "valid.json", "--output",
                                    elsewhere / "p.h5")),
                (5, harness.command("probe", "run", "--data", "valid.json", "--output", "p.h5")),
                (5, harness.command("train", "small.toml", CONSTANT, "--train.epochs", 2)))
            for code, command in commands:
                with self.subTest(command=command):
                    result = self.assert_done(self.run_in(folder, *prefix, *command), code)
                    self.assertNotIn("defect", result.stderr)


if __name__ == "__main__":
    harness.main()
