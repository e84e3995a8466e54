"""Records of trainings: superpose_offline time_to_accuracy and methods_record, on runs whose
answer is known, and on real ones.

Usage: test_records.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; PYTHONPATH as in figure_case.py.
"""

import json
import sys
import unittest

import h5py
import numpy as np

import small_runs
import synthetic
from figure_case import FigureCase, start

MEANS = (np.full((4, 4), 0.1), np.full((4, 4), 1.0))


class TimeToAccuracy(FigureCase):
    def run_with(self, name, accuracy, seed=1):
        """A run of 12 epochs of 4 steps, of 0.1 s at stage 0, 0.2 s at stage 1, ..., two epochs a
        stage, with these held-out accuracies."""
        folder = self.path / name
        synthetic.write_run(folder, MEANS, seed=seed)
        with h5py.File(folder / "run.h5", "r+") as file:
            file["evaluation/accuracy"][:] = accuracy
        return folder

    def record(self, *arguments):
        result = start("time_to_accuracy", *arguments, "--output", self.path, "--force")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads((self.path / "time_to_accuracy.json").read_text())

    def test_a_threshold_is_reached_where_answers_stay_above_it(self):
        falls = self.run_with("falls", [0.1] * 5 + [0.99, 0.97, 0.98, 0.985, 0.99, 0.99, 0.98])
        entry = self.record(falls)["runs"][0]
        self.assertEqual(entry["epochs_to_threshold"], 8)
        self.assertEqual(entry["steps_to_threshold"], 32)
        # 8 steps at each of the stages 0 to 3
        self.assertAlmostEqual(entry["minutes_to_threshold"], round(8 * 1.0 / 60, 1))
        self.assertEqual(entry["tflop"], 48 * 0.5)
        self.assertEqual((entry["seed"], entry["ranks"], entry["steps"]), (1, 2, 48))
        self.assertIsNone(entry["zero_latents"])

    def test_a_run_that_never_reaches_it_counts_as_such(self):
        low = self.run_with("low", [0.5] * 12, seed=2)
        late = self.run_with("late", [0.5] * 11 + [float("nan")], seed=3)
        good = self.run_with("good", [0.5] * 10 + [0.98, 1], seed=4)
        document = self.record(good, low, late)
        self.assertEqual([e["steps_to_threshold"] for e in document["runs"]], [None, None, 44])
        self.assertEqual(document["summary"]["reached"], 1)
        self.assertIsNone(document["summary"]["worst_minutes"])

    def test_seconds_are_those_of_the_idle_run(self):
        run = self.run_with("busy", [0.1] * 7 + [0.99] * 5)
        idle = self.run_with("idle", [0.1] * 12)
        with h5py.File(idle / "run.h5", "r+") as file:
            file["steps/seconds"][:] = 60
        entry = self.record(run, "--idle", idle)["runs"][0]
        self.assertEqual(entry["minutes_to_threshold"], 32)

    def test_the_figure_is_drawn_over_the_minutes_of_all_seeds(self):
        runs = [self.run_with(f"drawn_{seed}", np.linspace(0.1, 1, 12), seed) for seed in (1, 2)]
        self.record(*runs)
        self.assertGreater((self.path / "time_to_accuracy.png").stat().st_size, 5000)
        other = self.run_with("another", [0.5] * 12)
        self.assert_fails_with(start("time_to_accuracy", other, "--output", self.path), 2, "--force")

    def test_another_threshold_and_mistakes(self):
        run = self.run_with("some", [0.1] * 6 + [0.6] * 6)
        self.assertEqual(self.record(run, "--threshold", "0.5")["runs"][0]["steps_to_threshold"], 28)
        self.assertEqual(start("time_to_accuracy", run, "--threshold", "98").returncode, 2)
        self.assert_fails_with(start("time_to_accuracy", self.path / "nowhere"), 5, "nowhere")
        short = self.run_with("short", [0.1] * 12)
        with h5py.File(short / "run.h5", "r+") as file:
            file["steps/stage"][:] = 0
        self.assert_fails_with(start("time_to_accuracy", run, "--idle", short), 5, "no steps of stage 1")


class OfRealRuns(FigureCase, small_runs.SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        for name, settings in (("one", {}), ("two", {"train.seed": 5})):
            for result in (cls.train(name, settings),
                           cls.run_program("evaluate", name, "valid.json", "--json",
                                           f"{name}/evaluation.json"),
                           cls.run_program("evaluate", name, "valid.json", "--latents", "0",
                                           "--json", f"{name}/zero_latents.json")):
                assert result.returncode == 0, result.stderr

    def test_methods_have_a_value_for_each_seed(self):
        result = start("methods_record", self.path / "one", self.path / "two", "--output", self.path)
        self.assertEqual(result.returncode, 0, result.stderr)
        table = json.loads((self.path / "methods.json").read_text())["methods"]["coconut"]
        self.assertEqual(table["seeds"], [0, 5])
        for column in ("accuracy", "equal_depth", "zero_latents"):
            self.assertEqual(len(table[column]), 2)
        zero = json.loads((self.path / "two" / "zero_latents.json").read_text())
        self.assertEqual(table["zero_latents"][1], round(zero["results"][0]["accuracy"], 4))
        self.assertIn("2 seeds", result.stdout)

    def test_operations_of_the_steps_are_recorded(self):
        result = start("time_to_accuracy", self.path / "one", "--threshold", "0.001", "--output",
                       self.path)
        self.assertEqual(result.returncode, 0, result.stderr)
        entry = json.loads((self.path / "time_to_accuracy.json").read_text())["runs"][0]
        self.assertIsNotNone(entry["zero_latents"])
        with h5py.File(self.path / "one" / "run.h5") as file:
            operations, tokens = file["steps/operations"][:], file["steps/tokens"][:]
        # Between that of the products of one layer and 3 times 24 C^2 a token and layer.
        self.assertTrue((operations > 3 * 4 * 32**2 * tokens).all())
        self.assertTrue((operations < 3 * 60 * 32**2 * tokens * 2).all())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
