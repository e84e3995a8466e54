"""Files of the program itself are read by every script that reads such files.

Usage: test_real_files.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; PYTHONPATH as in figure_case.py.
"""

import shutil
import sys
import unittest

import h5py
import numpy as np

from superpose_offline import published
from superpose_offline.files.run_history import Run

import small_runs
from figure_case import FigureCase, start, start_report
from page_parser import exact_values


class RealFiles(FigureCase, small_runs.SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        results = [cls.train("run", {"record.every": 1}),
                   cls.run_program("probe", "run", "--data", "valid.json", "--output",
                                   "run/probe.h5", "--intervene", "rescale,swap,nearest_token")]
        checkpoint = sorted((cls.path / "run").glob("checkpoint_*.h5"))[-1]
        results.append(cls.run_program("evaluate", checkpoint, "valid.json", "--json",
                                       "run/evaluation.json"))
        for result in results:
            assert result.returncode == 0, result.stderr

    def test_report(self):
        result = start_report("run", folder=self.path)
        self.assertEqual(result.returncode, 0, result.stderr)
        page = (self.path / "run" / "report.html").read_text()
        self.assertIn("every file and dataset that a report uses was there", page)
        with h5py.File(self.path / "run" / "probe.h5") as probe:
            optimal = probe["statistics/edge_attention_optimal/mean"][-1, -1]
            rules = {data.attrs["frontier_rule"]
                     for data in probe["statistics/growth_difference_walk"].values()}
        self.assertEqual(rules, {"walk"})
        shown = exact_values(page, "Attention by edge group")
        np.testing.assert_array_equal(shown[-len(optimal):], optimal)

    def test_every_setting_of_the_papers_is_one_of_the_program(self):
        configuration = Run(self.path / "run").configuration
        for known in published.SETTINGS:
            self.assertIn(known.key, configuration[known.section])

    def test_reading_example_recomputes_a_statistic(self):
        result = start("read_probe", "run/probe.h5", "run/run.h5", folder=self.path)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("the same", result.stdout)
        changed = self.path / "changed.h5"
        shutil.copy(self.path / "run" / "probe.h5", changed)
        with h5py.File(changed, "a") as file:
            file[f"raw/checkpoint_{file['checkpoint'][-1]:09}/inner_products"][...] += 0.01
        self.assertEqual(start("read_probe", changed).returncode, 1)
        foreign = start("read_probe", self.path / "run" / "run.h5")
        self.assert_fails_with(foreign, 5, "cannot read")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
