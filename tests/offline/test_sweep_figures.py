"""The figures of collected sweeps (commands sweep and scaling), on files made here.

Usage: test_sweep_figures.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]
"""

import sys
import unittest

import h5py
import numpy as np

from superpose_offline.sweep import axis as sweep_axis, collected, scaling, scaling_model

import synthetic_sweep
from figure_case import FigureCase, start
from synthetic_sweep import Machine

SEEDS = ("train.seed", [1, 2, 3])
WIDTHS = ("model.n_embd", [128, 384, 768, 1536])
METHODS = ("axis of the sweep", ["coconut", "pause, learned"])
LAYERS = ("model.n_layer", [2, 4])


def measured_steps(path, latents=4):
    points = collected.load(path, [])
    (_, index), = scaling.setups(points)
    return scaling.read_steps(points, index, latents)


class TrainingSweeps(FigureCase):
    @classmethod
    def settle_in(cls):
        """Two axes, all done; three, of which a point and a seed are missing; others."""
        synthetic_sweep.write_training(cls.path / "two.h5", {
            "n_embd": WIDTHS, "method": METHODS, "seed": SEEDS})
        synthetic_sweep.write_training(
            cls.path / "three.h5",
            {"n_embd": WIDTHS, "method": METHODS, "n_layer": LAYERS, "seed": SEEDS},
            [((1, 0, 0, 2), "failed")] + [((3, 1, 1, seed), "planned") for seed in range(3)])
        synthetic_sweep.write_training(cls.path / "four.h5", {
            "n_embd": WIDTHS, "method": METHODS, "n_layer": LAYERS,
            "beta2": ("optimizer.beta2", [0.95, 0.999]), "seed": SEEDS})
        synthetic_sweep.write_training(cls.path / "seeds.h5", {"seed": SEEDS})
        synthetic_sweep.write_training(cls.path / "no_seeds.h5", {"method": METHODS})
        synthetic_sweep.write_training(
            cls.path / "nothing_done.h5", {"method": METHODS, "seed": SEEDS},
            [((m, s), "queued") for m in range(2) for s in range(3)])

    def test_table_holds_the_summaries(self):
        result = self.assert_draws(["final", "learning_curves"], "sweep", "two.h5")
        # 0.5 + 0.1 along n_embd + 0.01 a seed; the range stands in for the interval.
        self.assertRegex(result.stdout, r"384 +coconut +3 +61\.00 +60\.00 to 62\.00\n")
        self.assertRegex(result.stdout, r"1536 +pause, learned +3 +1\.190 +1\.180 to 1\.200\n")
        self.assertIn("all 24 points are done", result.stdout)

    def test_missing_points_are_told(self):
        result = self.assert_draws(["final", "learning_curves_n_layer_2",
                                    "learning_curves_n_layer_4"], "sweep", "three.h5")
        for part in ("4 of 48 points are not done",
                     "n_embd = 384, method = coconut, n_layer = 2, seed 3 (failed)",
                     "method = pause, learned, n_layer = 4, seeds 1, 2, 3 (planned)"):
            self.assertIn(part, result.stdout)
        self.assertRegex(result.stdout, r"384 +coconut +2 +2 +60\.50 +\S+ to \S+ +1 of 3 missing")
        self.assertRegex(result.stdout, r"1536 +pause, learned +4 +0 +- +- +3 of 3 missing")

    def test_points_are_arranged_by_three_axes(self):
        points = collected.load(self.path / "three.h5", [])
        arranged = collected.Arranged(points, along="method", colour="n_layer")
        self.assertEqual([axis.name for axis in (arranged.along, arranged.colour, arranged.panel)],
                         ["method", "n_layer", "n_embd"])
        values = points.measure("accuracy").values
        np.testing.assert_array_equal(arranged.of(values)[1, 0, 2], values[2, 1, 0])

    def test_a_choice_of_points(self):
        points = collected.load(self.path / "three.h5",
                                ["n_layer=4", "n_embd = 1536", "n_embd=128"])
        self.assertEqual(points.shape, (2, 2, 1))
        self.assertEqual(points.axes[0].values, [1536, 128])
        self.assertEqual(points.tables["evaluation"]["accuracy"].shape,
                         (2, 2, 1, 3, synthetic_sweep.N_EPOCH))
        self.assertIn("3 of 12 points", points.missing())
        self.assert_draws(["final", "learning_curves"], "sweep", "four.h5", "--where",
                          "beta2=0.95", "--where", "n_layer=2", "--along", "method", "--measure",
                          "loss")

    def test_sweeps_of_few_axes(self):
        result = self.assert_draws(["final", "learning_curves"], "sweep", "seeds.h5")
        self.assertRegex(result.stdout, r"3 +61\.00 +50\.00 to 72\.00")
        self.assert_draws(["final", "learning_curves"], "sweep", "no_seeds.h5")

    def test_scales_suit_the_values(self):
        def places(setting, values):
            placing = sweep_axis.Placing(collected.Axis("axis", setting, values))
            return placing.of_series(0)
        np.testing.assert_allclose(places(*WIDTHS), WIDTHS[1])
        self.assertTrue(sweep_axis.is_geometric(WIDTHS[1]))
        self.assertFalse(sweep_axis.is_geometric([1, 2, 3, 4, 5]))
        np.testing.assert_allclose(places("optimizer.beta2", [0.9, 0.99, 0.999, 0.9999]),
                                   range(4))  # too close to tell apart
        np.testing.assert_allclose(places(*METHODS), [0, 1])

    def test_exit_codes(self):
        with h5py.File(self.path / "foreign.h5", "w") as file:
            file.attrs["file_type"] = "superpose_run"
        for code, reason, *command in (
                (5, "not a collected sweep", "sweep", "foreign.h5"),
                (5, "no nowhere.h5", "sweep", "nowhere.h5"),
                (5, "none of the 6 points", "sweep", "nothing_done.h5"),
                (5, "that --where chooses", "sweep", "three.h5", "--where", "n_embd=1536",
                 "--where", "method=pause, learned", "--where", "n_layer=4"),
                (2, "has 4 axes of several values", "sweep", "four.h5"),
                (2, "no axis width", "sweep", "two.h5", "--along", "width"),
                (2, "no value 5", "sweep", "two.h5", "--where", "n_embd=5"),
                (2, "give AXIS=VALUE", "sweep", "two.h5", "--where", "n_embd"),
                (2, "no measure speed", "sweep", "two.h5", "--measure", "speed"),
                (5, "holds no steps", "scaling", "two.h5")):
            with self.subTest(command):
                self.assert_fails_with(start(*command, folder=self.path), code, reason)


class ScalingStudies(FigureCase):
    @classmethod
    def settle_in(cls):
        synthetic_sweep.write_bench(cls.path / "bench.h5", [1, 2, 4, 8, 16], 2, [((4,), "failed")])
        synthetic_sweep.write_bench(cls.path / "few.h5", [1, 2, 4])

    def test_fit_gets_the_machine_back(self):
        model = scaling_model.ScalingModel(measured_steps(self.path / "bench.h5"))
        machine = Machine()
        np.testing.assert_allclose(
            [model.serial, model.shared, *model.blocking, *model.exposed],
            [machine.serial, machine.shared, machine.latency, machine.exchange,
             machine.exposed * machine.latency, machine.exposed * machine.exchange], rtol=1e-6)
        np.testing.assert_allclose(model.step("strong", 512), machine.step("strong", 512))
        np.testing.assert_allclose(model.step("weak", 512), machine.step("weak", 512))

    def test_fit_bears_noise(self):
        steps = measured_steps(self.path / "bench.h5")
        random = np.random.default_rng(7)
        for values in (steps.step, steps.exposed, steps.blocking):
            values *= 1 + 0.02 * random.standard_normal(len(values))
        prediction = scaling_model.Prediction(steps)
        np.testing.assert_allclose(prediction.model.shared, Machine.shared, rtol=0.05)
        low, high = prediction.step_range("weak", 64)
        self.assertLess(low, prediction.model.step("weak", 64))
        self.assertLess(prediction.model.step("weak", 64), high)

    def test_least_squares_stay_non_negative(self):
        matrix = np.array([[1.0, 1], [1, 2], [1, 3]])
        fit = scaling_model.non_negative_least_squares(matrix, np.array([1.0, 3, 5]))
        np.testing.assert_allclose(fit, [0, 22 / 14])  # unbound: -1, 2
        fit = scaling_model.non_negative_least_squares(matrix, np.array([3.0, 5, 7]))
        np.testing.assert_allclose(fit, [1, 2])

    def test_figure_and_numbers(self):
        result = self.assert_draws(["scaling_latents4"], "scaling", "bench.h5", "--predict",
                                   "64,256")
        machine = Machine()
        for part in ("1 of 5 points are not done, and missing here: nodes = 16 (failed)",
                     "fitted: serial 2 ms, shared 800 ms; from the steps it deviates by 0.0 % rms",
                     "exposed communication: 0.125 ms × (P − 1) + 10 ms × (P − 1)/P",
                     "with nothing hidden: 0.5 ms × (P − 1) + 40 ms × (P − 1)/P",
                     f"predicted, strong, 256 ranks: {1e3 * machine.step('strong', 256):.4g} ms"):
            self.assertIn(part, result.stdout)
        self.assertNotIn("DOES NOT DESCRIBE", result.stdout)

    def test_other_choices(self):
        output = self.path / "chosen"
        result = start("scaling", "bench.h5", "--latents", 0, "--latency", "rounds", "--output",
                       output, folder=self.path)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("ms × ceil(log2 P) +", result.stdout)
        self.assertTrue((output / "scaling_latents0.pdf").exists())
        result = start("scaling", "few.h5", "--no_model", "--output", output, folder=self.path)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("fitted", result.stdout)

    def test_a_model_that_does_not_fit_says_so(self):
        """Ranks that share cores: all of them are slowed down as more work."""
        path = self.path / "contended.h5"
        synthetic_sweep.write_bench(path, [1, 2, 4, 8])
        with h5py.File(path, "a") as file:
            file["final/weak_step_4"][...] *= file["final/weak_ranks"][...]
        result = start("scaling", path, "--output", self.path / "contended")
        self.assertIn("THE MODEL DOES NOT DESCRIBE THESE STEPS", result.stdout)

    def test_setups_are_drawn_apart(self):
        """An axis that leaves the ranks alone makes a figure a value."""
        axes = {"nodes": ("resources.nodes", [1, 2, 4, 8]), "n_embd": ("model.n_embd", [384, 768])}
        ranks = np.broadcast_to(np.array([1.0, 2, 4, 8])[:, None], (4, 2))
        synthetic_sweep.write(self.path / "widths.h5", axes, Machine().measures(ranks, 2))
        self.assert_draws(["scaling_latents2_n_embd_384", "scaling_latents2_n_embd_768"],
                          "scaling", "widths.h5")

    def test_exit_codes(self):
        for code, reason, *command in (
                (5, "measure 1 more", "scaling", "few.h5"),
                (5, "needs 4 measured rank counts", "scaling", "few.h5", "--predict", "64"),
                (2, "no steps of 3 latent tokens", "scaling", "bench.h5", "--latents", 3),
                (2, "64;256 is no list", "scaling", "bench.h5", "--predict", "64;256"),
                (2, "choose with --measure", "sweep", "bench.h5")):
            with self.subTest(command):
                self.assert_fails_with(start(*command, folder=self.path), code, reason)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
