"""Files of the real program as xarray datasets: superpose_offline.read.

Usage: test_reading.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; PYTHONPATH as in figure_case.py.
"""

import shutil
import sys
import unittest

import h5py
import numpy as np

from superpose_offline import read

import small_runs
import synthetic
import synthetic_sweep
from figure_case import FigureCase


class RunsAndProbes(FigureCase, small_runs.SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        for result in (cls.train("run", {"record.every": 1}), cls.train("unrecorded"),
                       cls.run_program("probe", "run", "--data", "valid.json", "--output",
                                       "run/probe.h5", "--intervene", "rescale,swap")):
            assert result.returncode == 0, result.stderr

    def test_histories_of_a_run(self):
        run = read.open_run(self.path / "run")
        self.assertEqual(run.configuration["model"]["n_embd"], 32)
        self.assertEqual(run.attributes["file_type"], "superpose_run")
        with h5py.File(self.path / "run" / "run.h5") as file:
            for table in ("steps", "epochs", "evaluation", "attention"):
                data = getattr(run, table)
                self.assertEqual(set(data.variables), set(file[table]))
                for name, values in file[table].items():
                    np.testing.assert_array_equal(data[name], values)
        self.assertEqual(run.evaluation["next_node_frontier"].dims, ("epoch", "hop"))
        self.assertEqual(run.steps["loss"].attrs["units"], "nat")
        unrecorded = read.open_run(self.path / "unrecorded" / "run.h5")
        self.assertEqual(unrecorded.attention.sizes["epoch"], 0)

    def test_statistics_of_a_probe(self):
        probe = read.open_probe(self.path / "run")
        with h5py.File(self.path / "run" / "probe.h5") as file:
            steps, statistics = file["checkpoint"][()], file["statistics"]
            at = {"layer": 2, "thought": 1, "checkpoint": steps[-1]}
            for ending, part in (("", "mean"), ("_std", "std"), ("_count", "count")):
                value = probe.statistics[f"edge_attention_optimal{ending}"].sel(at)
                self.assertEqual(value, statistics[f"edge_attention_optimal/{part}"][-1, 1, 0])
            np.testing.assert_array_equal(probe.statistics["epoch"], file["epoch"])
        self.assertEqual(probe.statistics["copying_by_head"].dims, ("checkpoint", "layer", "head"))

    def test_raw_values_give_the_statistic(self):
        probe = read.open_probe(self.path / "run" / "probe.h5")
        in_group = probe.problems["node_walk_frontier"] == 1
        for step in probe.statistics["checkpoint"].values:
            products = probe.raw(step)["inner_products"].astype(float).where(in_group)
            mean = probe.statistics["inner_product_walk_frontier"].sel(checkpoint=step)
            np.testing.assert_allclose(products.mean(["problem", "node"]), mean, rtol=1e-6)
        with self.assertRaisesRegex(read.Failure, "no raw/checkpoint_000000005"):
            probe.raw(5)

    def test_interventions_by_name(self):
        probe = read.open_probe(self.path / "run")
        chosen = probe.interventions["accuracy_after"].sel(intervention="swap", changed_thought=0)
        with h5py.File(self.path / "run" / "probe.h5") as file:
            np.testing.assert_array_equal(chosen, file["interventions/swap/accuracy_after"][:, 0])

    def test_an_older_probe_has_the_names_of_today(self):
        old = self.path / "old.h5"
        shutil.copy(self.path / "run" / "probe.h5", old)
        synthetic.age_probe(old, "walk")
        probe, today = (read.open_probe(path) for path in (old, self.path / "run"))
        for data, name in (("statistics", "edge_attention_walk_frontier"),
                           ("problems", "node_walk_frontier")):
            np.testing.assert_array_equal(getattr(probe, data)[name], getattr(today, data)[name])

    def test_what_cannot_be_read_is_said(self):
        run = self.path / "run" / "run.h5"
        (self.path / "cut.h5").write_bytes(run.read_bytes()[:3000])
        for open_file, path, part in ((read.open_run, "nowhere", "no nowhere"),
                                      (read.open_probe, run, "is not a probe file"),
                                      (read.open_run, self.path / "cut.h5", "damaged"),
                                      (read.open_collected, run, "is not a collected sweep")):
            with self.assertRaisesRegex(read.Failure, part):
                open_file(path)


class Collected(FigureCase):
    def test_points_are_chosen_by_value(self):
        synthetic_sweep.write_training(
            self.path / "collected.h5",
            {"n_embd": ("model.n_embd", [128, 384]), "method": ("axis of the sweep", ["a", "b"]),
             "seed": ("train.seed", [1, 2, 3])}, [((1, 0, 2), "failed")])
        sweep = read.open_collected(self.path)
        self.assertEqual(sweep.final["state"].sel({"n_embd": 384, "method": "a"}).values.tolist(),
                         ["done", "done", "failed"])
        with h5py.File(self.path / "collected.h5") as file:
            self.assertEqual(sweep.summary["accuracy_mean"].sel({"n_embd": 384, "method": "b"}),
                             file["summary/accuracy_mean"][1, 1])
        self.assertEqual(sweep.final["accuracy"].dims, ("n_embd", "method", "seed"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
