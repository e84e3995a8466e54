"""Records of trainings: superpose_offline time_to_accuracy and methods_record, on runs whose
answer is known, and on real ones.

Usage: test_records.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; PYTHONPATH as in figure_case.py.
"""

import json
import sys
import unittest

import h5py
import numpy as np
from matplotlib import pyplot as plt

from superpose_offline import intervals
from superpose_offline.draw.methods import group
from superpose_offline.draw.time_to_accuracy import draw_curves
from superpose_offline.files.evaluation_file import Evaluation
from superpose_offline.report.comparisons_of_answers import order_of_methods, size_of

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
        self.assertEqual(entry["epochs_to_98"], 8)
        self.assertEqual(entry["steps_to_98"], 32)
        # 8 steps at each of the stages 0 to 3
        self.assertAlmostEqual(entry["minutes_to_98"], round(8 * 1.0 / 60, 1))
        self.assertEqual(entry["tflop"], 48 * 0.5)
        self.assertEqual((entry["seed"], entry["ranks"], entry["steps"]), (1, 2, 48))
        self.assertIsNone(entry["zero_latents"])
        self.assertIsNone(entry["interventions"])
        # 12 epochs of 6 s; 8 steps each at the stages 0 to 3, 16 at the last, on two ranks.
        self.assertEqual(entry["wall_minutes"], 1.2)
        self.assertEqual(entry["gflops_per_core"], round(48 * 500 / (8 * 1.0 + 16 * 0.5) / 2, 1))

    def test_less_than_three_evaluations_are_no_staying(self):
        for accuracies, steps in (([0.5] * 11 + [1], None), ([0.5] * 10 + [0.98, 1], None),
                                  ([0.5] * 9 + [0.98, 0.99, 1], 40), ([1] * 12, 4)):
            run = self.run_with(f"last_{accuracies.count(0.5)}", accuracies)
            self.assertEqual(self.record(run)["runs"][0]["steps_to_98"], steps)

    def test_a_branch_is_refused_for_it_lacks_what_came_before(self):
        branch = self.run_with("branch", [1] * 12)
        with h5py.File(branch / "run.h5", "r+") as file:
            file["steps/step"][:] += 24
        self.assert_fails_with(start("time_to_accuracy", branch), 5, "begins at step 25",
                               "a branch of another run")

    def test_a_seed_counts_once_and_sizes_are_not_mixed(self):
        run, longer = (self.run_with(name, [1] * 12, seed=6) for name in ("once", "longer"))
        self.assertEqual(len(self.record(run, run)["runs"]), 1)
        with h5py.File(longer / "run.h5", "r+") as file:
            file["steps/step"][-1] = 60
        self.assertEqual([e["steps"] for e in self.record(longer, run)["runs"]], [60])
        for setting in ("n_head = 8", "n_embd = 768"):
            wide = self.run_with(f"wide_{setting[2:6]}", [1] * 12, seed=7)
            synthetic.reconfigure(wide / "run.h5", setting, setting.split("=")[0] + "= 4")
            self.assert_fails_with(start("time_to_accuracy", run, wide), 5, "differ in method or size")

    def test_interventions_are_those_of_the_probe_beside_it(self):
        run = self.run_with("probed", [1] * 12)
        synthetic.write_probe(run / "probe.h5", MEANS)
        found = self.record(run)["runs"][0]["interventions"]
        self.assertEqual(found["swap"], {"strength": 1.0, "problems": 257, "before": 0.98,
                                         "after": 0.2})
        self.assertEqual((found["rescale_reachable"]["strength"],
                          found["rescale_reachable"]["after"]), (0.0, 0.1))

    def test_a_run_that_never_reaches_it_counts_as_such(self):
        low = self.run_with("low", [0.5] * 12, seed=2)
        late = self.run_with("late", [0.5] * 11 + [float("nan")], seed=3)
        good = self.run_with("good", [0.5] * 9 + [0.98, 1, 1], seed=4)
        document = self.record(good, low, late)
        self.assertEqual([e["steps_to_98"] for e in document["runs"]], [None, None, 40])
        self.assertEqual(document["summary"]["reached"], 1)
        self.assertIsNone(document["summary"]["worst_minutes"])
        self.assertIsNone(document["summary"]["median_minutes"])  # most took forever
        better = self.run_with("better", [1] * 12, seed=5)
        summary = self.record(good, low, better)["summary"]
        self.assertEqual(summary["median_minutes"],
                         self.record(good)["runs"][0]["minutes_to_98"])

    def test_seconds_are_those_of_the_idle_run(self):
        run = self.run_with("busy", [0.1] * 7 + [0.99] * 5)
        idle = self.run_with("idle", [0.1] * 12)
        with h5py.File(idle / "run.h5", "r+") as file:
            file["steps/seconds"][:] = 60
            file.attrs["n_ranks"], file.attrs["git_hash"] = 4, "fedcba"
        entry = self.record(run, "--idle", idle)["runs"][0]
        self.assertEqual(entry["minutes_to_98"], 32)
        self.assertEqual(entry["idle"], {"ranks": 4, "commit": "fedcba", "step_seconds":
                                         {str(stage): 60.0 for stage in range(5)}})
        self.assertEqual((entry["ranks"], entry["commit"]), (2, "0123456789abcdef"))

    def test_the_figure_is_drawn_over_the_minutes_of_all_seeds(self):
        runs = [self.run_with(f"drawn_{seed}", np.linspace(0.1, 1, 12), seed) for seed in (1, 2)]
        self.record(*runs)
        self.assertGreater((self.path / "time_to_accuracy.png").stat().st_size, 5000)
        other = self.run_with("another", [0.5] * 12)
        self.assert_fails_with(start("time_to_accuracy", other, "--output", self.path), 2, "--force")

    def test_another_threshold_and_mistakes(self):
        run = self.run_with("some", [0.1] * 6 + [0.6] * 6)
        self.assertEqual(self.record(run, "--threshold", "0.5")["runs"][0]["steps_to_50"], 28)
        self.assertEqual(start("time_to_accuracy", run, "--threshold", "98").returncode, 2)
        self.assert_fails_with(start("time_to_accuracy", self.path / "nowhere"), 5, "nowhere")
        short = self.run_with("short", [0.1] * 12)
        with h5py.File(short / "run.h5", "r+") as file:
            file["steps/stage"][:] = 0
        self.assert_fails_with(start("time_to_accuracy", run, "--idle", short), 5, "no steps of stage 1")


class Methods(FigureCase):
    """Evaluations of runs that differ in one setting each."""

    def run_of(self, name, accuracy, seed=1, changes=(), method="coconut"):
        folder = self.path / name
        synthetic.write_run(folder, MEANS, method=method, seed=seed)
        synthetic.write_evaluation(folder / "evaluation.json", accuracy)
        for old, new in changes:
            synthetic.reconfigure(folder / "run.h5", old, new)
        return folder

    def record(self, *runs):
        result = start("methods_record", *runs, "--output", self.path, "--force")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads((self.path / "methods.json").read_text())["methods"], result.stdout

    def test_a_run_given_twice_is_one_seed(self):
        run = self.run_of("twice", 0.9)
        table, printed = self.record(run, run)
        self.assertEqual(table["coconut"]["seeds"], [1])
        self.assertIn("left out", printed)

    def test_sizes_stand_apart(self):
        runs = [self.run_of("wide", 0.9),
                self.run_of("narrow", 0.8, changes=[("n_embd = 768", "n_embd = 64")]),
                self.run_of("few_heads", 0.7, changes=[("n_head = 8", "n_head = 2")])]
        table, _ = self.record(*runs)
        self.assertEqual({name: entry["accuracy"] for name, entry in table.items()},
                         {"coconut, 2 layers, 8 heads, n_embd 768": [0.9],
                          "coconut, 2 layers, 8 heads, n_embd 64": [0.8],
                          "coconut, 2 layers, 2 heads, n_embd 768": [0.7]})
        self.assertEqual(len(group(self.evaluations(runs))["valid.json"]), 3)

    def test_few_seeds_have_lines_and_many_a_shade(self):
        curves = [(np.arange(3), np.array([0.1, 0.2, 0.3 + i / 100])) for i in range(5)]
        for n, n_lines, n_shades in ((4, 5, 0), (5, 1, 1)):
            ax = plt.figure().add_subplot()
            draw_curves(ax, curves[:n], "black", "answers")
            self.assertEqual((len(ax.lines), len(ax.collections)), (n_lines, n_shades))
            self.assertEqual(ax.lines[-1].get_ydata()[-1], np.median([0.3 + i / 100 for i in range(n)]))
            plt.close(ax.figure)

    def test_a_record_is_of_one_problem_file(self):
        runs = [self.run_of("here", 0.9), self.run_of("there", 0.9, seed=2)]
        path = runs[1] / "evaluation.json"
        path.write_text(path.read_text().replace("00ff00ff00ff00ff", "11ff00ff00ff00ff"))
        self.assert_fails_with(start("methods_record", *runs), 5, "one problem file")

    def test_seeds_that_agree_have_an_interval_all_the_same(self):
        table, printed = self.record(*(self.run_of(f"all_right_{seed}", 1.0, seed)
                                       for seed in (1, 2, 3)))
        interval = table["coconut"]["accuracy_interval"]
        self.assertEqual((interval["mean"], interval["high"]), (1, 1))
        self.assertEqual(interval["low"], round(intervals.wilson(1, 3 * 257)[0], 4))
        self.assertIn("Wilson, 3 seeds, 771 answers", printed)
        mean, low, high, how = intervals.of_accuracies([0.5, 0.6, 0.7], [257] * 3)
        self.assertEqual(((mean, low, high), how), (intervals.over_seeds([0.5, 0.6, 0.7]),
                                                    "t, 3 seeds"))
        self.assertEqual(intervals.of_accuracies([0.5, 0.5], [None] * 2)[1:],
                         (0.5, 0.5, "t, 2 seeds"))
        self.assertTrue(np.isnan(intervals.of_accuracies([0.5], [None])[1]))

    def evaluations(self, runs):
        return [Evaluation(run / "evaluation.json") for run in runs]

    def test_a_label_hides_no_published_value_and_no_order(self):
        every_hop = ("uniform_prob = 0.1", 'supervise = "all"\nuniform_prob = 0.1')
        runs = [self.run_of("labelled", 0.99, changes=[every_hop]),
                self.run_of("plain_cot", 0.7, method="cot"),
                self.run_of("narrow_cot", 1.0, method="no_cot",
                            changes=[("n_embd = 768", "n_embd = 64")])]
        methods = group(self.evaluations(runs))["valid.json"]
        labelled = methods[0]
        self.assertEqual(labelled.name, "coconut (every hop labelled)")
        self.assertIn("98.8 %", [result.text for result in labelled.published])
        # The narrow model is of another size, and takes no part.
        self.assertEqual(order_of_methods(methods),
                         ("agrees", "coconut (every hop labelled) stands above cot by the 95 % intervals."))
        self.assertIn("supervise all (", size_of(labelled))


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
        table = json.loads((self.path / "methods.json").read_text())["methods"]
        (name, table), = table.items()
        self.assertEqual(name, "coconut")
        self.assertEqual((table["method"], table["n_layer"], table["n_head"], table["n_embd"]),
                         ("coconut", 2, 2, 32))
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
