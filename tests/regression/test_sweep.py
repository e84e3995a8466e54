"""superpose sweep without SLURM, with the shipped slurm/point.sh. Usage: see harness.py.

On SLURM: tests/slurm/test_sweep_commands.py."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import time

import h5py
import numpy as np

from superpose_offline import read
from superpose_offline.files.measures import HOP, HOPS, Measure

import harness
from small_runs import SmallRuns, column

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"

# Points of one rank run side by side here: each with a daemon of its own, because processes without
# one share a directory, and the first to end removes it under the others.
os.environ.pop("OMPI_MCA_ess_singleton_isolated")

SWEEP = """
[sweep]
base = "small.toml"
seeds = 2

[train]
epochs = 2
accumulation = 1

[[axis]]
key = "optimizer.beta2"
values = [0.9, 0.99]
"""
# One more method, and a setting of which one value cannot work: there is no such file.
MORE = SWEEP + """
[[axis]]
name = "problems"
points = [
  { label = "there" },
  { label = "not there, yet", data.train = "later.json" },
]
"""


def csv_rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


class Sweep(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        (cls.path / "collected.toml").write_text(MORE.replace("seeds = 2", "seeds = [3, 5, 4]"))
        cls.run_program("sweep", "submit", "collected.toml", "--local", 2)

    def write_sweep(self, name, text=SWEEP):
        (self.path / f"{name}.toml").write_text(text)
        return f"{name}.toml"

    def sweep(self, part, name, *arguments):
        return self.run_program("sweep", part, f"{name}.toml", *arguments)

    def folder(self, name):
        return self.path / "runs" / "sweeps" / name

    def status(self, name):
        result = self.sweep("status", name, "--json")
        self.assert_succeeds(result)
        return json.loads(result.stdout)

    def counts(self, name):
        return {state: n for state, n in self.status(name)["counts"].items() if n > 0}

    def points(self, name):
        """Folder by description."""
        return {point["point"]: self.folder(name) / "points" / point["identity"]
                for point in self.status(name)["points"]}

    # --- Planning ---------------------------------------------------------------------------------

    def test_a_plan_makes_a_folder_for_every_point_and_again_none(self):
        self.write_sweep("planned")
        self.assert_succeeds(self.sweep("plan", "planned"), "4 points", "4 new points", "no rate")
        folders = sorted(path.name for path in (self.folder("planned") / "points").iterdir())
        rows = csv_rows(self.folder("planned") / "points.csv")
        self.assertEqual(sorted(row["identity"] for row in rows), folders)
        self.assertEqual([row["beta2"] for row in rows], ["0.9", "0.9", "0.99", "0.99"])
        self.assert_succeeds(self.sweep("plan", "planned"), "0 new points, 4 were there")
        self.write_sweep("planned", SWEEP.replace("[0.9, 0.99]", "[0.9, 0.95, 0.99]"))
        self.assert_succeeds(self.sweep("plan", "planned"), "2 new points, 4 were there")

    def test_the_configuration_of_a_point_is_a_whole_one(self):
        self.write_sweep("whole")
        self.sweep("plan", "whole")
        point = self.points("whole")["beta2 = 0.99, seed = 2"]
        result = self.run_program("validate", point / "config.toml")
        self.assert_succeeds(result, "beta2 = 0.99", "seed = 2", "epochs = 2", str(point),
                             str(self.path / "train.json"))

    def test_a_dry_run_writes_nothing(self):
        self.write_sweep("dry")
        self.assert_succeeds(self.sweep("plan", "dry", "--dry_run", "--seconds_per_epoch", "1800"),
                             "4 points to go, 8 epochs, 4 node-hours")
        self.assert_succeeds(self.sweep("submit", "dry", "--dry_run", "--local", 1),
                             "4 would start now", "ranks train ")
        self.assertFalse(self.folder("dry").exists())

    def test_what_is_wrong_is_refused(self):
        self.write_sweep("wrong", SWEEP.replace("beta2", "beta3"))
        self.assert_fails(self.sweep("plan", "wrong"), 2, "unknown key 'optimizer.beta3'",
                          "did you mean 'optimizer.beta")
        self.assert_fails(self.sweep("plan", "absent"), 2, "cannot read", "absent.toml")
        self.write_sweep("right")
        self.assert_fails(self.sweep("submit", "right", "--scripts", "nowhere"), 2,
                          "nowhere/sweep.sbatch", "--scripts")
        self.assert_fails(self.sweep("collect", "right"), 5, "none of the 4 points", "4 planned")
        self.assert_fails(self.sweep("plann", "right"), 2, "unknown subcommand 'plann'",
                          "did you mean 'plan'")
        self.assert_succeeds(self.sweep("cancel", "right"), "nothing of this sweep")

    def test_options_that_do_nothing_are_refused(self):
        self.write_sweep("options")
        for words in (("--local", 2, "--throttle", 1), ("--launcher", "mpirun -n {}")):
            result = self.sweep("submit", "options", *words)
            self.assert_fails(result, 2, words[-2] if words[0] == "--local" else words[0], "--local")

    def test_without_slurm_an_error_says_so(self):
        self.write_sweep("no_slurm")
        (self.path / "empty").mkdir()
        result = subprocess.run(harness.command("sweep", "submit", "no_slurm.toml"), cwd=self.path,
                                env={**os.environ, "PATH": str(self.path / "empty")},
                                capture_output=True, text=True)
        self.assert_fails(result, 2, "there is no sbatch here", "--local")

    def test_a_silent_slurm_keeps_from_starting_but_not_from_looking(self):
        self.write_sweep("silent", SWEEP.replace("seeds = 2", "seeds = 1"))
        self.sweep("plan", "silent")
        submission = self.folder("silent") / "submissions" / "0001"
        points = self.points("silent").values()
        submission.with_suffix(".points").write_text("".join(f"{point}\n" for point in points))
        submission.with_suffix(".job").write_text("17\n")
        squeue = self.path / "silent" / "squeue"
        squeue.parent.mkdir()
        squeue.write_text("#!/bin/sh\necho no controller >&2\nexit 1\n")
        squeue.chmod(0o755)
        path = f"{squeue.parent}{os.pathsep}{os.environ['PATH']}"
        status, submit = (subprocess.run(harness.command("sweep", part, "silent.toml"),
                                         cwd=self.path, env={**os.environ, "PATH": path},
                                         capture_output=True, text=True)
                          for part in ("status", "submit"))
        self.assert_succeeds(status, "2 planned")
        self.assertIn("squeue failed with code 1 (no controller)", status.stderr)
        self.assert_fails(submit, 1, "squeue failed with code 1 (no controller)")

    # --- Running ----------------------------------------------------------------------------------

    def test_points_are_the_runs_of_their_configurations_and_done_once(self):
        self.write_sweep("local")
        self.assert_succeeds(self.sweep("submit", "local", "--local", 2), "4 to start now", "[4/4]")
        self.assertEqual(self.counts("local"), {"done": 4})
        self.assert_succeeds(self.train("alone", {"train.epochs": 2, "train.accumulation": 1,
                                                  "train.seed": 2, "optimizer.beta2": 0.99}))
        point = self.points("local")["beta2 = 0.99, seed = 2"]
        self.assertEqual(self.outcome(point), self.outcome("alone"))
        self.assert_succeeds(self.sweep("submit", "local", "--local", 2), "0 to start now")
        self.assertEqual((point / "log").read_text().count("superpose train: "), 1)
        self.assert_succeeds(self.sweep("plan", "local"), "0 points to go")

    def test_ranks_of_a_point_give_the_same_bits(self):
        if harness.MPIEXEC is None:
            self.skipTest("no MPIEXEC given")
        for name, resources in (("one_rank", ""), ("two_ranks", "ranks_per_node = 2")):
            self.write_sweep(name, SWEEP.replace("seeds = 2", "seeds = 1") +
                             f"[resources]\n{resources}\n")
            self.assert_succeeds(self.sweep("submit", name, "--local", 1, "--launcher",
                                            f"{harness.MPIEXEC} -n {{}}"))
        point = "beta2 = 0.9, seed = 1"
        outcomes = [self.outcome(self.points(name)[point]) for name in ("one_rank", "two_ranks")]
        self.assertEqual(*outcomes)
        log = (self.points("two_ranks")[point] / "log").read_text()
        self.assertIn("2 ranks", log)

    def test_a_point_that_fails_is_told_and_runs_again_alone(self):
        self.write_sweep("failing", MORE.replace("seeds = 2", "seeds = 1"))
        result = self.sweep("submit", "failing", "--local", 2)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("failed with code 3", result.stdout)
        self.assertEqual(self.counts("failing"), {"done": 2, "failed": 2})
        self.assert_succeeds(self.sweep("status", "failing"), "failed with code 3",
                             "problems = not there, yet", "resubmit")
        self.assert_succeeds(self.sweep("submit", "failing", "--local", 2), "0 to start now")
        self.write_json("later.json", self.read_json("train.json"))
        self.assert_succeeds(self.sweep("resubmit", "failing", "--local", 2), "2 to start now")
        self.assertEqual(self.counts("failing"), {"done": 4})
        for description, point in self.points("failing").items():
            twice = (point / "log").read_text().count("superpose: error") > 0
            self.assertEqual(twice, "not there" in description)

    def test_an_interrupted_sweep_goes_on_where_it_was(self):
        text = SWEEP.replace("epochs = 2", "epochs = 30")
        for name in ("whole_run", "interrupted"):
            self.write_sweep(name, text)
        self.assert_succeeds(self.sweep("submit", "whole_run", "--local", 2))
        runner = subprocess.Popen(harness.command("sweep", "submit", "interrupted.toml", "--local",
                                                  2), cwd=self.path, stdout=subprocess.PIPE,
                                  text=True)
        try:
            self.wait_for_steps("interrupted")
            self.assertIn("running", self.counts("interrupted"))
            self.assert_fails(self.sweep("submit", "interrupted", "--local", 2), 2, "is in use")
            self.assert_fails(self.sweep("submit", "interrupted"), 2, "is in use")  # to SLURM
            self.assert_succeeds(self.sweep("cancel", "interrupted"), "asked the local runner")
            output, _ = runner.communicate(timeout=60)
        finally:
            runner.kill()
        self.assertEqual(runner.returncode, 75, output)
        self.assertNotIn("done", self.counts("interrupted"))
        self.assertGreater(self.counts("interrupted")["interrupted"], 0)
        self.assert_succeeds(self.sweep("submit", "interrupted", "--local", 2), "4 to start now")
        self.assertEqual(self.counts("interrupted"), {"done": 4})
        for description, point in self.points("interrupted").items():
            self.assertEqual(self.outcome(point),
                             self.outcome(self.points("whole_run")[description]))

    def wait_for_steps(self, name):
        logs = [point / "log" for point in self.points(name).values()]
        deadline = time.monotonic() + 60
        while not any(log.exists() and "step      3/" in log.read_text() for log in logs):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_a_point_whose_runner_was_killed_is_lost_and_goes_on(self):
        self.write_sweep("killed", SWEEP.replace("epochs = 2", "epochs = 100000"))
        runner = subprocess.Popen(harness.command("sweep", "submit", "killed.toml", "--local", 1),
                                  cwd=self.path, stdout=subprocess.DEVNULL)
        self.wait_for_steps("killed")
        children = subprocess.run(["pgrep", "-f", str(self.folder("killed"))], text=True,
                                  capture_output=True).stdout.split()
        for process in (runner.pid, *map(int, children)):
            os.kill(process, signal.SIGKILL)
        runner.wait()
        self.assertEqual(self.counts("killed"), {"lost": 1, "planned": 3})
        self.assert_succeeds(self.sweep("resubmit", "killed", "--local", 1, "--dry_run"),
                             "4 would start now")
        self.assert_succeeds(self.sweep("submit", "killed", "--local", 1, "--dry_run"),
                             "3 would start now")

    # --- Collecting -------------------------------------------------------------------------------

    def test_collected_values_are_those_of_the_points(self):
        self.assert_succeeds(self.sweep("collect", "collected"), "6 of 12 points")
        with h5py.File(self.folder("collected") / "collected.h5") as file:
            self.assertEqual(file.attrs["file_type"], "superpose_sweep")
            final, evaluation = file["final"], file["evaluation"]
            self.assertEqual([scale.label for scale in final["accuracy"].dims],
                             ["", "", ""])
            self.assertEqual(list(final["seed"]), [3, 5, 4])
            self.assertEqual(list(final["beta2"]), [0.9, 0.99])
            self.assertEqual(list(final["problems"].asstr()), ["there", "not there, yet"])
            for b, beta2 in enumerate((0.9, 0.99)):
                for s, seed in enumerate((3, 5, 4)):
                    self.check_point(file, (b, 0, s), f"beta2 = {beta2}, problems = there, "
                                                      f"seed = {seed}")
            self.assertTrue(np.isnan(final["accuracy"][:, 1]).all())
            self.assertTrue(np.isnan(evaluation["next_node_loss"][:, 1]).all())
            states = final["state"].attrs["flag_meanings"].split()
            self.assertEqual({states[i] for i in final["state"][:, 1].flat}, {"failed"})

    def check_point(self, file, place, description):
        point = self.points("collected")[description]
        evaluation = json.loads((point / "evaluation.json").read_text())["results"][0]
        final = file["final"]
        self.assertEqual(final["loss"][place], evaluation["loss"])
        self.assertEqual(final["accuracy_by_hops_3"][place],
                         evaluation["accuracy_by_hops"][evaluation["hops"].index(3)])
        self.assertEqual(final["next_node_loss_2"][place],
                         evaluation["next_node_loss"][evaluation["hop"].index(2)])
        for table, name in (("epochs", "loss"), ("evaluation", "candidate_accuracy"),
                            ("evaluation", "next_node_loss")):
            np.testing.assert_array_equal(file[f"{table}/{name}"][place],
                                          column(point / "run.h5", table, name))

    def test_every_measure_of_an_evaluation_is_there_under_its_name(self):
        self.assert_succeeds(self.sweep("collect", "collected", "--output", "named.h5"))
        point = self.points("collected")["beta2 = 0.9, problems = there, seed = 3"]
        result = json.loads((point / "evaluation.json").read_text())["results"][0]
        expected = set()
        for name in Measure:
            by = HOPS if name.endswith("_by_hops") else HOP
            expected |= ({f"{name}_{k}" for k in result[by]} if isinstance(result[name], list)
                         else {name})
        with h5py.File(self.path / "named.h5") as file:
            axes = {"beta2", "problems", "seed"}
            self.assertEqual(set(file["final"]) - axes - {"state"}, expected)
            self.assertEqual(set(file["evaluation"]) - axes - {"epoch", "hop", "hops", "stage"},
                             set(Measure))
        header = csv_rows(self.path / "named.csv")[0].keys()
        self.assertLessEqual(expected, set(header))

    def test_points_of_the_format_before_are_collected_too(self):
        """And the columns that they lack are there for the other points."""
        point = self.points("collected")["beta2 = 0.9, problems = there, seed = 3"]
        now = {name: (point / name).read_bytes() for name in ("evaluation.json", "run.h5")}
        try:
            for name, fixture in (("evaluation.json", "evaluation_version_1.json"),
                                  ("run.h5", "run_version_2.h5")):
                (point / name).write_bytes((DATA / fixture).read_bytes())
            self.assert_succeeds(self.sweep("collect", "collected", "--output", "mixed.h5"))
        finally:
            for name, contents in now.items():
                (point / name).write_bytes(contents)
        with h5py.File(self.path / "mixed.h5") as file:
            first, second = (0, 0, 0), (1, 0, 0)
            self.assertEqual(file["final/candidate_accuracy_equal_depth"][first], 2 / 3)
            self.assertEqual(file["final/n_problems_by_hops_2"][first], 12)
            evaluation = file["evaluation"]
            self.assertEqual(evaluation["accuracy_equal_depth"][first][2], 1 / 6)
            self.assertTrue(np.isnan(evaluation["loss_by_hops"][first]).all())
            self.assertTrue(np.isfinite(evaluation["loss_by_hops"][second][0]).any())

    def test_summaries_are_those_of_numpy(self):
        self.sweep("collect", "collected")
        with h5py.File(self.folder("collected") / "collected.h5") as file:
            values = file["final/loss"][0, 0]
            summary = {part: file[f"summary/loss_{part}"][0, 0]
                       for part in ("mean", "std", "low", "high", "n")}
            self.assertEqual(file["summary/loss_n"][0, 1], 0)
        self.assertAlmostEqual(summary["mean"], values.mean(), places=12)
        self.assertAlmostEqual(summary["std"], values.std(ddof=1), places=12)
        self.assertEqual(summary["n"], 3)
        half = 4.30265272974946 * values.std(ddof=1) / np.sqrt(3)  # t of two degrees of freedom
        self.assertAlmostEqual(summary["low"], values.mean() - half, places=12)
        self.assertAlmostEqual(summary["high"], values.mean() + half, places=12)
        rows = csv_rows(self.folder("collected") / "collected_summary.csv")
        row, = (row for row in rows if row["measure"] == "loss" and row["beta2"] == "0.9" and
                row["problems"] == "there")
        self.assertEqual(float(row["mean"]), summary["mean"])

    def test_tables_and_file_say_the_same_and_the_file_is_intact(self):
        self.sweep("collect", "collected", "--output", "elsewhere.h5")
        self.assert_succeeds(self.run_program("inspect", "elsewhere.h5"), "intact")
        rows = csv_rows(self.path / "elsewhere.csv")
        with h5py.File(self.path / "elsewhere.h5") as file:
            expected = file["final/candidate_accuracy"][()].flat
        for row, value in zip(rows, expected, strict=True):
            self.assertEqual(row["candidate_accuracy"], "" if np.isnan(value) else f"{value:.16g}"
                             if float(f"{value:.16g}") == value else repr(float(value)))

    def test_the_collected_file_can_be_drawn(self):
        self.sweep("collect", "collected", "--output", "drawn.h5")
        script = pathlib.Path(__file__).resolve().parents[2] / "jobs" / "figures" / "draw.sh"
        result = subprocess.run(["bash", script, "sweep", "drawn.h5", "--output", "figures"],
                                cwd=self.path, capture_output=True, text=True)
        self.assert_succeeds(result, "3 of 3 missing")
        names = {path.name for path in (self.path / "figures").iterdir()}
        self.assertLessEqual({"final.png", "final.pdf", "learning_curves.png"}, names)

    def test_the_collected_file_opens_in_xarray(self):
        self.sweep("collect", "collected", "--output", "opened.h5")
        sweep = read.open_collected(self.path / "opened.h5")
        self.assertLessEqual(set(sweep.final.state.values.flat), {"done", "failed", "planned"})
        with h5py.File(self.path / "opened.h5") as file:
            np.testing.assert_array_equal(sweep.final["loss"], file["final/loss"])
            np.testing.assert_array_equal(sweep.final["beta2"], file["final/beta2"])
        mean = sweep.final["loss"].mean("seed")
        np.testing.assert_allclose(mean, sweep.summary["loss_mean"], rtol=1e-12)

    def test_a_file_of_another_kind_is_not_replaced(self):
        self.write_json("precious.h5", {"not": "ours"})
        self.assert_fails(self.sweep("collect", "collected", "--output", "precious.h5"), 2,
                          "precious.h5")
        self.assertEqual(self.read_json("precious.h5"), {"not": "ours"})


if __name__ == "__main__":
    harness.main()
