"""Files of the real program as xarray datasets: superpose_offline.read.

Usage: test_reading.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; PYTHONPATH as in figure_case.py.
"""

import json
import pathlib
import shutil
import sys
import unittest
import warnings

import h5py
import numpy as np
import xarray as xr

from superpose_offline import read
from superpose_offline.files.evaluation_file import Evaluation, LastEvaluation
from superpose_offline.files.measures import HOP, HOPS, Measure
from superpose_offline.files.run_history import Run
from superpose_offline.sweep import collected

import small_runs
import synthetic
import synthetic_sweep
from figure_case import FigureCase

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
ENGINES = sorted({"h5netcdf", "netcdf4"} & set(xr.backends.list_engines()))


def groups_of(path):
    """All groups of an HDF5 file, the root first."""
    groups = ["/"]
    with h5py.File(path) as file:
        file.visititems(lambda name, item: groups.append(name) if isinstance(item, h5py.Group)
                        else None)
    return groups


class RunsAndProbes(FigureCase, small_runs.SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        for result in (cls.train("run", {"record.every": 1}), cls.train("unrecorded"),
                       cls.run_program("evaluate", "run", "valid.json", "--json",
                                       "run/evaluation.json"),
                       cls.run_program("probe", "run", "--data", "valid.json", "--output",
                                       "run/probe.h5", "--intervene", "rescale,swap")):
            assert result.returncode == 0, result.stderr

    def test_measures_have_the_same_names_in_every_file_and_here(self):
        """The list is that of C++: the program writes what is in it, and nothing else."""
        result = json.loads((self.path / "run" / "evaluation.json").read_text())["results"][0]
        self.assertEqual([key for key in result if key not in ("latents", "frontier_rule", HOPS,
                                                               HOP)], list(Measure))
        with h5py.File(self.path / "run" / "run.h5") as file:
            self.assertEqual(set(file["evaluation"]) - {"epoch", "stage", HOPS, HOP}, set(Measure))

    def test_the_last_row_of_a_run_is_what_evaluate_measures(self):
        of_json = Evaluation(self.path / "run" / "evaluation.json")
        of_run = LastEvaluation(Run(self.path / "run"))
        for measure in (Measure.N_PROBLEMS, Measure.ACCURACY, Measure.ACCURACY_EQUAL_DEPTH):
            self.assertEqual(of_json[measure], of_run[measure], measure)
        self.assertEqual(of_json.hops, [2, 3])

    def test_every_group_opens_in_xarray_without_warnings(self):
        self.assertTrue(ENGINES)
        checkpoint = self.checkpoints("run")[-1]
        for path in (checkpoint, self.path / "run" / "run.h5", self.path / "run" / "probe.h5"):
            for engine in ENGINES:
                for group in groups_of(path):
                    with self.subTest(path=path.name, engine=engine, group=group), \
                            warnings.catch_warnings():
                        warnings.simplefilter("error")
                        with xr.open_dataset(path, group=group, engine=engine) as data:
                            data.load()
                        for name, variable in data.variables.items():
                            # Of which later versions of xarray warn.
                            self.assertEqual(len(set(variable.dims)), variable.ndim, name)

    def test_tensors_of_a_checkpoint_have_named_dimensions(self):
        with xr.open_dataset(self.checkpoints("run")[-1], group="parameters",
                             engine="h5netcdf") as data:
            self.assertEqual(dict(data.sizes), {"vocab_size": 40, "n_positions": 128, "n_embd": 32,
                                                "n_qkv": 96, "n_attn": 32, "n_inner": 128})

    def test_files_of_the_version_before_have_the_names_of_today(self):
        shutil.copy(DATA / "run_version_2.h5", self.path / "before.h5")
        run, table = read.open_run(self.path / "before.h5"), Run(self.path / "before.h5")
        with h5py.File(self.path / "before.h5") as file:
            for evaluation in (run.evaluation, table.evaluation):
                np.testing.assert_array_equal(evaluation["accuracy_equal_depth"],
                                              file["evaluation/equal_depth_accuracy"])
                self.assertNotIn("equal_depth_accuracy", evaluation)
        self.assertIsNone(LastEvaluation(table)[Measure.N_PROBLEMS])
        shutil.copy(DATA / "evaluation_version_1.json", self.path / "run" / "before.json")
        before = Evaluation(self.path / "run" / "before.json")
        self.assertEqual((before[Measure.N_PROBLEMS], before[Measure.CANDIDATE_ACCURACY],
                          before[Measure.CANDIDATE_ACCURACY_EQUAL_DEPTH], before.hops),
                         (20, 0.45, 2 / 3, [2, 3]))
        self.assertEqual(before[Measure.NEXT_NODE_FRONTIER], [0.45, 0.05, 0])

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

    def test_a_sweep_of_the_version_before_has_the_names_of_today(self):
        path = self.path / "before.h5"
        synthetic_sweep.write_training(path, {"n_embd": ("model.n_embd", [128, 384]),
                                              "seed": ("train.seed", [1, 2])})
        with h5py.File(path, "a") as file:
            file.attrs["format_version"] = 2
            file["evaluation"].move("accuracy_equal_depth", "equal_depth_accuracy")
            for group in ("final", "summary"):
                for name in [n for n in file[group] if n.startswith("loss")]:
                    file[group].move(name, name.replace("loss", "loss_3_hops"))
        sweep, points = read.open_collected(path), collected.load(path, [])
        with h5py.File(path) as file:
            for final in (sweep.final["loss_by_hops_3"],
                          points.measure("loss_by_hops_3").values):
                np.testing.assert_array_equal(final, file["final/loss_3_hops"])
            np.testing.assert_array_equal(sweep.summary["loss_by_hops_3_mean"],
                                          file["summary/loss_3_hops_mean"])
            for evaluation in (sweep.evaluation, points.tables["evaluation"]):
                np.testing.assert_array_equal(evaluation["accuracy_equal_depth"],
                                              file["evaluation/equal_depth_accuracy"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
