"""The figures and the report, on run directories made here.

Usage: test_figures.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import unittest

import h5py
import numpy as np

from matplotlib import pyplot as plt

from superpose_offline import intervals, published
from superpose_offline.draw import (by_stage, curves, edge_groups, group_points, interventions,
                                    methods)
from superpose_offline.draw import theory, theory_dimension
from superpose_offline.draw.growth import draw_growth, load as load_growth
from superpose_offline.files.evaluation_file import Evaluation, LastEvaluation
from superpose_offline.files.hdf5 import UsageError
from superpose_offline.files.probe_file import Probe
from superpose_offline.files.run_history import Run
from superpose_offline.report import comparisons

import synthetic
from figure_case import FIGURES, FigureCase, start, start_report
from page_parser import exact_values, table_of

# Means as published: by group, then by thought.
EDGES = [[mean for mean, _ in published.EDGE_ATTENTION[g]] for g in synthetic.GROUPS]
PRODUCTS = [[sum(r) / 2 for r in published.INNER_PRODUCT[g]] for g in synthetic.GROUPS]
AS_PUBLISHED = EDGES, PRODUCTS
REVERSED = EDGES[::-1], PRODUCTS[::-1]


class SyntheticRuns(FigureCase):
    @classmethod
    def settle_in(cls):
        """Three seeds of coconut as published in either paper's setting, one of coconut_bfs_loss
        with the groups reversed in a setting of neither."""
        for seed, (accuracy, factor) in enumerate(((0.985, 0.98), (0.99, 1), (0.995, 1.02))):
            means = synthetic.scaled(AS_PUBLISHED, factor)
            synthetic.write_run(cls.path / f"seed{seed}", means, seed=seed)
            synthetic.write_evaluation(cls.path / f"seed{seed}" / "evaluation.json", accuracy)
            synthetic.write_probe(cls.path / f"seed{seed}" / "probe.h5", means, seed=seed)
            if seed > 0:  # so that few figures are drawn of it
                with h5py.File(cls.path / f"seed{seed}" / "probe.h5", "a") as file:
                    del file["interventions"], file["raw"]
            synthetic.write_run(cls.path / f"eos{seed}", means, seed=seed, paper="EoS",
                                growth=factor * synthetic.saturating(synthetic.N_EPOCH))
        synthetic.write_run(cls.path / "bfs", REVERSED, "coconut_bfs_loss", paper="ours")
        synthetic.write_probe(cls.path / "bfs" / "probe.h5", REVERSED, "coconut_bfs_loss",
                              paper="ours")
        with h5py.File(cls.path / "bfs" / "probe.h5", "a") as file:
            del file["interventions"], file["statistics/copying"], file["raw"]
        cls.damage_copies()
        runs = [f"{name}{seed}" for name in ("seed", "eos") for seed in range(3)]
        cls.report = start("report", *runs, "bfs", "damaged", "nowhere", "--probe",
                           "seed0/run.h5", "--output", "report.html", "--markdown", "report.md",
                           folder=cls.path)
        assert cls.report.returncode == 0, cls.report.stderr
        cls.page = (cls.path / "report.html").read_text()

    @classmethod
    def damage_copies(cls):
        """A directory of nothing but files that are cut short or foreign."""
        folder = cls.path / "damaged"
        folder.mkdir()
        whole = (cls.path / "seed0" / "probe.h5").read_bytes()
        (folder / "probe_cut.h5").write_bytes(whole[:len(whole) // 2])
        with h5py.File(folder / "probe_foreign.h5", "w") as file:
            file["x"] = [1.0]
        (folder / "run.h5").write_bytes((cls.path / "seed0" / "run.h5").read_bytes()[:3000])
        (folder / "evaluation_cut.json").write_text('{"checkpoint": ')
        (folder / "evaluation_foreign.json").write_text('{"checkpoint": "a", "results": 3}')
        (cls.path / "eos0" / "zero_latents.json").write_text('{"checkpoint": "a", "results": null}')

    def test_every_script_draws(self):
        self.assert_draws(["loss", "optimizer", "accuracy", "next_node"], "curves", "seed0",
                          "bfs")
        self.assert_draws(["by_stage"], "by_stage", "seed0", "bfs")
        self.assert_draws(["growth", "growth_compared", "prediction_stage"], "growth", "seed0",
                          "bfs/probe.h5")
        self.assert_draws(["attention_map_layer2_problem1"], "attention_map", "seed0/probe.h5",
                          "--layer", 2, "--problem", 1)
        self.assert_draws(["inner_products", "inner_product_histograms_seed0"], "inner_products",
                          "seed0/probe.h5", "--checkpoint", 100)
        self.assert_draws(["interventions"], "interventions", "seed0/probe.h5")

    def test_tables_on_stdout_hold_measured_and_published(self):
        result = self.assert_draws(["edge_groups"], "edge_groups", "seed0/probe.h5",
                                   "bfs/probe.h5")
        self.assertRegex(result.stdout, r"optimal +measured +2\.489 ± 0\.020")
        self.assertRegex(result.stdout, r"optimal +published +2\.540 ± 1\.030")
        result = self.assert_draws(["methods_valid"], "methods", "seed0", "seed1", "seed2")
        self.assertIn("99.00 %", result.stdout)
        self.assertIn("97.76 to 100.00 (t, 3 seeds)", result.stdout)

    def test_summary_shows_both_numbers_of_one_shortcut(self):
        path = self.path / "seed0" / "evaluation.json"
        document = json.loads(path.read_text())
        document["shortcuts"] = [
            {"name": "deep", "accuracy": 0.6, "accuracy_equal_depth": 0.519},
            {"name": "best", "accuracy": 0.879, "accuracy_equal_depth": 0.481},
            {"name": "none", "accuracy": None, "accuracy_equal_depth": None}]
        other = self.path / "seed0" / "evaluated_again.json"
        other.write_text(json.dumps(document))
        result = start("summary", other)
        self.assertRegex(result.stdout, r"the model +98\.5 % +98\.5 %\n")
        self.assertRegex(result.stdout, r"the best shortcut .* +87\.9 % +48\.1 %\n")
        self.assertEqual(start("summary", self.path / "seed0").returncode, 0)
        self.assert_fails_with(start("summary", self.path / "eos0"), 5, "evaluation.json")

    def test_numbers_of_the_report_are_those_of_the_files(self):
        def last(name):
            """Over the seeds."""
            means = []
            for seed in range(3):
                with h5py.File(self.path / f"seed{seed}" / "probe.h5") as probe:
                    means.append(probe[f"statistics/{name}/mean"][-1])
            return np.mean(means, axis=0)
        edges = [last(f"edge_attention_{g}")[1] for g in synthetic.GROUPS]
        products = [last(f"inner_product_{g}") for g in synthetic.GROUPS]
        inside = self.page[self.page.index("<h2>Inside 3 seeds of coconut"):]
        np.testing.assert_allclose(exact_values(inside, "Attention by edge group"),
                                   np.ravel(edges), rtol=1e-12)
        np.testing.assert_allclose(exact_values(inside, "Inner products of thoughts"),
                                   np.ravel(products), rtol=1e-12)
        growth = self.page[self.page.index("<h2>Growth over training"):]
        with h5py.File(self.path / "bfs" / "run.h5") as run:
            difference = run["attention/growth_difference_walk"][:, 1]
        of_bfs = growth.split("Growth of the index-matching logit")[-1]
        shown = np.reshape(exact_values("<h3>Growth" + of_bfs, "Growth"), (4, 4))
        np.testing.assert_array_equal(shown[:, 0], difference[0])
        np.testing.assert_array_equal(shown[:, 1], difference[-1])
        rows = table_of(inside, "Attention by edge group")
        self.assertEqual(rows[3][1:3], ["2.54 (2.49 to 2.59)", "2.54 ± 1.03"])
        self.assertEqual([row[0] for row in rows],
                         ["not reachable", "reachable", "walk frontier", "optimal"])

    def test_the_tables_as_markdown_are_those_of_the_page(self):
        text = (self.path / "report.md").read_text()
        tables = [[[cell.strip().replace("\\", "") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
                   for line in part.splitlines()] for part in text.split("\n\n")
                  if part.startswith("| ")]
        summary, *of_measures = tables
        self.assertEqual([row[:3] for row in summary[2:]],
                         [row[:3] for row in table_of(self.page, "Summary")])
        self.assertEqual(len(of_measures), len(summary) - 2)
        inside = self.page[self.page.index("<h2>Inside 3 seeds of coconut"):]
        self.assertIn(table_of(inside, "Attention by edge group"),
                      [table[2:] for table in of_measures])
        for table in tables:
            self.assertEqual({len(row) for row in table}, {len(table[0])})

    def test_the_page_and_its_tables_are_two_files(self):
        self.assert_fails_with(start("report", "seed0", "--output", "one.html", "--markdown",
                                     "./one.html", folder=self.path), 2, "names the page itself")
        self.assert_fails_with(start("report", "seed0", "--output", "two.html", "--markdown",
                                     "seed0/evaluation.json", folder=self.path), 2,
                               "what this command reads")
        self.assertFalse((self.path / "two.html").exists())

    def test_seeds_share_a_panel(self):
        result = self.assert_draws(["edge_groups"], "edge_groups", "seed0/probe.h5",
                                   "seed1/probe.h5", "seed2/probe.h5", "bfs/probe.h5")
        self.assertRegex(result.stdout, r"seed0, seed1, seed2: layer 2")
        self.assertRegex(result.stdout, r"optimal +measured +2\.54 \(2\.49 to 2\.59\)")
        fig = edge_groups.draw_edge_groups([[Probe(self.path / f"seed{i}" / "probe.h5")
                                             for i in range(3)]])
        self.assertEqual(fig.axes[0].get_title(loc="left"), "coconut, 3 seeds")
        self.assertIn("mean and range of seeds", fig.axes[0].get_ylabel())
        plt.close(fig)

    def test_attention_to_copies_takes_a_file_that_has_it(self):
        self.assert_fails_with(start("edge_groups", "seed0/probe.h5", "--copied",
                                     folder=self.path), 5,
                               "no statistic edge_attention_routed", "probe it again")
        path = self.path / "copied.h5"
        shutil.copy(self.path / "seed0" / "probe.h5", path)
        with h5py.File(path, "a") as file:
            for group in synthetic.GROUPS:
                file.copy(f"statistics/edge_attention_{group}",
                          f"statistics/edge_attention_routed_{group}")
                file[f"statistics/edge_attention_routed_{group}/mean"][...] *= 0.5
        result = self.assert_draws(["edge_groups_copied"], "edge_groups", path, "--copied")
        self.assertRegex(result.stdout, r"optimal +measured +1\.245 ± 0\.020")
        result = start("report", "--probe", path, "--output", "copied.html", self.path / "nowhere",
                       folder=self.path)
        self.assertEqual(result.returncode, 0, result.stderr)
        rows = table_of((self.path / "copied.html").read_text(),
                        "Attention by edge group, layer 2, by what was copied")
        self.assertEqual(rows[3][1], "1.24 ± 0.02")

    def verdicts(self):
        return {(row[0], row[1].split("(")[0].split(",")[0].strip()): row[2:4]
                for row in table_of(self.page, "Summary")}

    def test_report_says_where_it_agrees(self):
        summary = self.verdicts()
        seeds, eos = "seed0, seed1, seed2", "eos0, eos1, eos2"
        for measure in ("Attention by edge group", "Inner products of thoughts and nodes"):
            self.assertEqual(summary[seeds, measure], ["agrees", "agrees"])
        self.assertEqual(summary[eos, "Growth of the index-matching logit"], ["agrees", "agrees"])
        self.assertEqual(summary[seeds, "Copying in layer 1"][0], "agrees")
        self.assertEqual(summary[seeds, "Prediction stage"][0], "agrees")
        self.assertEqual(summary["seed0", "Interventions on every "
                                          "thought"][0], "superposition is used")
        self.assertEqual(summary["bfs", "Attention by edge group"][0], "disagrees")
        self.assertEqual(summary["bfs", "Inner products of thoughts and nodes"][0], "disagrees")
        self.assertEqual(summary["bfs", "Growth of the index-matching logit"][0], "agrees in part")

    def test_another_setting_has_a_badge_and_no_verdict_on_size(self):
        summary = self.verdicts()
        size = summary["bfs", "Attention by edge group"][1]
        for part in ("other setting: ", "epochs 12 (RbS: 300)", "batch_size 64 (RbS: 256)",
                     "shuffle_nodes True (RbS: False)"):
            self.assertIn(part, size)
        growth = summary["seed0, seed1, seed2", "Growth of the index-matching logit"][1]
        self.assertIn("epochs 300 (EoS: 350)", growth)
        self.assertIn('class="verdict badge"', self.page)

    def test_a_verdict_on_size_can_fail(self):
        """The same seeds, half as large: within one standard deviation over edges all the same."""
        halves = []
        for seed, factor in enumerate((0.49, 0.5, 0.51)):
            path = self.path / f"half{seed}.h5"
            synthetic.write_probe(path, synthetic.scaled(AS_PUBLISHED, factor), seed=seed)
            halves.append(Probe(path))
        for compare in (comparisons.compare_edges, comparisons.compare_products):
            result = compare(halves)
            self.assertEqual(result.order, "agrees")
            self.assertIn(result.size, ("disagrees", "agrees in part"))
            self.assertEqual(compare(halves[:1]).size, "undecided")

    def test_the_published_stand_beside_walks_only(self):
        """Older files held one rule; by distance they are refused by name."""
        for rule in ("walk", "distance"):
            path = self.path / f"old_{rule}.h5"
            shutil.copy(self.path / "seed1" / "probe.h5", path)
            synthetic.age_probe(path, rule)
        tables = []
        for name in ("seed1/probe.h5", "old_walk.h5"):
            result = start("edge_groups", name, "--output", "old", "--force", folder=self.path)
            self.assertEqual(result.returncode, 0, result.stderr)
            tables.append(result.stdout.splitlines()[1:])
        self.assertEqual(tables[0], tables[1])
        for script in ("edge_groups", "inner_products"):
            self.assert_fails_with(start(script, "old_distance.h5", folder=self.path), 5,
                                   "old_distance", "by distance", "probe it again")
        mixed = self.path / "mixed.h5"
        shutil.copy(self.path / "seed1" / "probe.h5", mixed)
        with h5py.File(mixed, "a") as file:
            file["statistics/edge_attention_walk_frontier/mean"].attrs["frontier_rule"] = "distance"
        self.assert_fails_with(start("edge_groups", "mixed.h5", folder=self.path), 5,
                               "edge_attention_walk_frontier by distance", "not mixed")

    def test_a_run_recorded_by_distance_alone_has_no_growth_figure(self):
        shutil.copytree(self.path / "eos0", self.path / "older")
        with h5py.File(self.path / "older" / "run.h5", "a") as file:
            for name in [n for n in file["attention"] if "walk" in n or "growth" in n]:
                del file["attention"][name]
        self.assert_fails_with(start("growth", "older", folder=self.path), 5,
                               "older has no statistic growth_difference_walk", "by walks")

    def test_report_is_self_contained_and_tells_where_it_comes_from(self):
        self.assertNotRegex(self.page, r'src="(?!data:)')
        self.assertNotRegex(self.page, r'href="(?!https://arxiv\.org/abs/)')
        self.assertNotRegex(self.page, r"<(script|link|iframe)|@import|url\(")
        self.assertGreater(self.page.count("data:image/png;base64,"), 8)
        for part in ("0123456789abcdef", "00ff00ff00ff00ff", "superpose synthetic", "n_embd = 768",
                     "near 100 % (RbS Fig. 4)", "not like for like"):
            self.assertIn(part, self.page)

    def test_damaged_and_foreign_files_are_named_and_skipped(self):
        missing = {pathlib.Path(row[0]).name: row[1] for row in table_of(self.page, "What is "
                                                                                    "missing")
                   if not row[0].startswith("seed0: ")}
        for name, reason in (("probe_cut.h5", "truncated"), ("probe_foreign.h5", "not a probe "
                                                                                 "file"),
                             ("evaluation_cut.json", "no JSON"), ("nowhere", "no such directory"),
                             ("evaluation_foreign.json", "no result")):
            self.assertIn(reason, missing.get(name, ""), name)
            self.assertIn(name, self.report.stderr)
        for reason in ("seed0/run.h5 is not a probe file", "cannot read damaged/run.h5"):
            self.assertIn(reason, self.page)
        self.assertNotIn("Traceback", self.report.stderr)

    def test_a_damaged_result_without_thoughts_is_named(self):
        missing = {row[0]: row[1] for row in table_of(self.page, "What is missing")}
        self.assertIn("no result of superpose evaluate", missing["eos0: zero_latents.json"])

    def test_a_history_stands_at_the_step_of_its_last_evaluation(self):
        run = Run(self.path / "eos0")
        run.evaluation = {name: column[:-1] if len(column) == synthetic.N_EPOCH else column
                          for name, column in run.evaluation.items()}
        self.assertEqual(LastEvaluation(run).step, 4 * (synthetic.N_EPOCH - 1))

    def test_a_probe_without_a_dataset_is_used_as_far_as_it_goes(self):
        missing = " ".join(" ".join(row) for row in table_of(self.page, "What is missing"))
        for part in ("bfs/probe.h5: "
                     "interventions", "no statistic copying", "no raw/checkpoint_000000200"):
            self.assertIn(part, missing)
        inside = self.page[self.page.index("<h2>Inside bfs, step"):]
        self.assertEqual(len(exact_values(inside, "Inner products of thoughts")), 16)

    def test_a_reader_that_has_had_enough_is_no_traceback(self):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as closed:
            result = subprocess.run(["bash", FIGURES / "draw.sh", "methods", "seed0", "--output",
                                     "unread"], cwd=self.path, stdout=closed, text=True,
                                    stderr=subprocess.PIPE, timeout=120)
        self.assertEqual((result.returncode, result.stderr), (128 + signal.SIGPIPE, ""))

    def test_exit_codes(self):
        self.assert_fails_with(start_report(), 2, "RUN")
        for code, reason, *command in (
                (5, "nothing usable", "report", "nowhere"),
                (2, "--layer", "growth", "seed0", "--layer", 0),
                (2, "no layer 3", "growth", "seed0", "--layer", 3),
                (2, "no checkpoint 5", "edge_groups", "seed0/probe.h5",
                 "--checkpoint", 5),
                (2, "problem 3", "attention_map", "seed0/probe.h5", "--problem", 3),
                (5, "not a probe file", "interventions", "seed0/run.h5")):
            with self.subTest(command):
                result = start(*command, folder=self.path)
                self.assert_fails_with(result, code, reason)

    def labels(self, fig):
        return [text.get_text() for text in fig.legends[0].get_texts()]

    def test_labels_say_of_how_many_problems(self):
        (_, found), = methods.group([Evaluation(self.path / "seed0" / "evaluation.json")]).items()
        self.assertIn("all problems (n = 257)", self.labels(methods.draw_methods("valid", found)))
        self.assertEqual(methods.n_text([methods.Bar(1, 1, 1, "", [1, 1], n)
                                         for n in ([29, 29], [31, None])]), " (n = 29 to 31)")
        probe = Probe(self.path / "seed0" / "probe.h5")
        probe.interventions["swap"]["problems"] = probe.interventions["swap"]["problems"] - 1
        labels = self.labels(interventions.draw_interventions(probe))
        self.assertIn("after, thought 4 (n = 256 to 257)", labels)
        self.assertEqual(len(labels), len(set(labels)))

    def test_high_accuracies_have_a_panel_of_their_own(self):
        run = Run(self.path / "seed0")
        for accuracy, rows in ((0.98, 2), (0.8, 1)):
            run.evaluation["accuracy"][:] = accuracy
            fig = curves.draw_accuracy([run])
            self.assertEqual(len(fig.axes), rows)
            self.assertIn("stage 0", [text.get_text() for text in fig.axes[0].texts])
        self.assertEqual(len(curves.draw_accuracy([run, run]).axes), 2)

    def test_a_single_stage_is_visible_at_a_whole_number(self):
        run = Run(self.path / "seed0")
        for column in ("stage", "accuracy", "next_node_loss"):
            run.evaluation[column] = run.evaluation[column][-2:]
        for name, values in run.evaluation.items():
            if name not in ("hop", "hops"):
                run.evaluation[name] = values[-2:]
        fig = by_stage.draw_by_stage([run])
        for ax in fig.axes:
            self.assertEqual((list(ax.get_xticks()), ax.get_xlim()), ([4], (3.5, 4.5)))
            for line in ax.get_lines():
                if len(line.get_xdata()) == 1:
                    self.assertNotIn(line.get_marker(), ("None", "", None))

    def test_the_published_plateau_is_that_of_as_many_heads(self):
        synthetic.write_run(self.path / "two_heads", AS_PUBLISHED, growth=0.1 * synthetic.saturating(
            synthetic.N_EPOCH))
        synthetic.reconfigure(self.path / "two_heads" / "run.h5", "n_head = 8", "n_head = 2")
        fig = draw_growth([load_growth(self.path / "two_heads")])
        label, = [text for text in self.labels(fig) if text.startswith("published")]
        self.assertIn("times 2/8 heads", label)
        line, = [line for line in fig.axes[0].get_lines() if line.get_label() == label]
        self.assertEqual(set(line.get_ydata()), {15})
        self.assertFalse([text for text in self.labels(draw_growth([load_growth(self.path / "bfs")]))
                          if "published" in text])

    def test_bars_of_weights_end_at_0(self):
        np.testing.assert_allclose(group_points.bars_of([1, 0.2], [0.5, 0.5], 0),
                                   [[0.5, 0.2], [0.5, 0.5]])
        np.testing.assert_array_equal(group_points.bars_of([-1], [0.5], -np.inf), [[0.5], [0.5]])

    def test_a_flow_is_laid_over_no_run_of_two_records(self):
        path = self.path / "seed0" / "run.h5"
        self.assertEqual(len(theory.read_measured(path)[0]), synthetic.N_EPOCH)
        short = self.path / "short.h5"
        for n_rows, words in ((1, "at 1 epoch only"), (2, "at 2 epochs only")):
            shutil.copy(path, short)
            with h5py.File(short, "a") as file:
                table = file["attention"]
                for name in [n for n in table if n not in ("layer", "thought", "c")]:
                    rows, rule = table[name][:n_rows], dict(table[name].attrs)
                    del table[name]
                    table[name] = rows
                    table[name].attrs.update(rule)
            with self.assertRaisesRegex(UsageError, f"{words}.*; train with"):
                theory.read_measured(short)

    def test_dimensions_that_were_not_searched_have_no_row(self):
        growth, protection = (part.ravel() for part in np.meshgrid([0, 1], [0, 1, 2]))
        for growths, rows in (([0, 1], 2), ([0], 1)):
            kept = np.isin(growth, growths)
            needed = {"growth": growth[kept], "protection": protection[kept],
                      "vocabulary": np.full(kept.sum(), 64),
                      **{f"d_{stage}": np.full(kept.sum(), 32) for stage in theory_dimension.STAGES}}
            fig = theory_dimension.draw_dimension({"needed": needed})
            self.assertEqual(len(fig.axes), 3 * rows)
            self.assertTrue(all(ax.get_xlabel() for ax in fig.axes[1::3]))

    def test_a_file_in_place_of_a_run_is_called_so(self):
        self.assert_fails_with(start("report", "seed0/probe.h5", folder=self.path), 5,
                               "is a file, not a run directory")

    def test_intervals(self):
        # By hand: 4.303 * 0.1 / sqrt(3).
        mean, low, high = intervals.over_seeds([0.5, 0.6, 0.7])
        np.testing.assert_allclose([mean, low, high], [0.6, 0.351566, 0.848434], atol=1e-5)
        np.testing.assert_allclose(intervals.wilson(0.9, 100), [0.825633, 0.944771], atol=1e-5)
        np.testing.assert_allclose(intervals.wilson(1.0, 257), [0.985273, 1.0], atol=1e-5)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
