"""The rules by which the report judges: size, order, growth, interventions, settings, branches.

Usage: test_verdicts.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; PYTHONPATH as in figure_case.py.
"""

import json
import re
import sys
import types
import unittest

import h5py
import numpy as np

from superpose_offline import published
from superpose_offline.draw.methods import group
from superpose_offline.files import seeds
from superpose_offline.files.evaluation_file import LastEvaluation, hops_in
from superpose_offline.files.measures import HOPS, Measure
from superpose_offline.files.probe_file import Probe
from superpose_offline.files.run_history import Run
from superpose_offline.report import (comparisons, comparisons_of_answers, headline, setting,
                                      verdicts)
from superpose_offline.report.material import Material
from superpose_offline.report.page import Page
from superpose_offline.report.sections import Tables

import synthetic
from figure_case import ROOT, FigureCase

MEANS = tuple([[mean for mean, _ in published.EDGE_ATTENTION[g]] for g in synthetic.GROUPS]
              for _ in range(2))
AGREES, DISAGREES, UNDECIDED = "agrees", "disagrees", "undecided"
LOST = {"rescale_reachable": 0.8, "rescale_not_reachable": 0.0, "nearest_token": 0.9}


def keep_from(path, table, name, first):
    """Leaves the rows from `first` on of every column of a table that `name` counts."""
    with h5py.File(path, "a") as file:
        n = len(file[f"{table}/{name}"])
        for column in [c for c in file[table] if len(file[f"{table}/{c}"]) == n]:
            rows, attributes = file[f"{table}/{column}"][first:], dict(
                file[f"{table}/{column}"].attrs)
            del file[f"{table}/{column}"]
            file[f"{table}/{column}"] = rows
            file[f"{table}/{column}"].attrs.update(attributes)


class Rules(unittest.TestCase):
    def test_size_agrees_only_where_the_whole_interval_is_near_enough(self):
        share, number = verdicts.Target.share, verdicts.Target.number
        for means, target, expected in (
                ([0.988, 0.99, 0.992], share(1.0), AGREES),
                ([0.942, 0.950, 0.958], share(0.988), UNDECIDED),  # reaches it at best
                ([0.93, 0.935, 0.94], share(1.0), DISAGREES),
                ([0.90, 0.97, 1.0], share(1.0), UNDECIDED),   # overlaps, but could be anything
                ([0.50, 0.60, 0.70], share(1.0), DISAGREES),  # wide, and off all the same
                ([1.0], share(1.0), UNDECIDED),               # one seed has no interval
                ([59, 60, 61], number(60), AGREES),
                ([52, 53, 54], number(60), UNDECIDED),        # reaches 54 = 60 - 10 %
                ([49, 50, 51], number(60), DISAGREES),
                ([0.038, 0.0385, 0.039], number(0.04), AGREES),
                ([0.021, 0.022, 0.023], number(0.04), DISAGREES),
                ([5.2, 5.3, 5.4], number(5.09, 5.38), AGREES)):
            self.assertEqual(verdicts.of_seeds(means, target), expected, (means, target))

    def test_three_seeds_over_a_published_range_agree_with_it(self):
        for row in published.INNER_PRODUCT.values():
            for low, high in row:
                seeds = [low, (low + high) / 2, high]
                self.assertEqual(verdicts.of_seeds(seeds, verdicts.Target.number(low, high)),
                                 AGREES, (low, high))

    def test_verdicts_together(self):
        for parts, expected in (([AGREES] * 3, AGREES), ([AGREES, UNDECIDED], UNDECIDED),
                                ([AGREES, DISAGREES], "agrees in part"),
                                ([DISAGREES, UNDECIDED], DISAGREES), ([], "no published number")):
            self.assertEqual(verdicts.together(parts), expected)
        self.assertEqual(verdicts.on_order([]), UNDECIDED)

    def test_a_badge_names_some_differences_and_counts_the_rest(self):
        self.assertEqual(verdicts.on_size([AGREES], ["n_embd 32"]), "other setting: n_embd 32")
        many = verdicts.on_size([AGREES], [f"d{i}" for i in range(8)])
        self.assertEqual(many, "other setting: d0, d1, d2, d3, d4, 3 more (table of settings)")

    def test_an_order_takes_intervals_that_stand_apart(self):
        self.assertEqual(verdicts.of_order((1, 2), (3, 4)), AGREES)
        self.assertEqual(verdicts.of_order((3, 4), (1, 2)), DISAGREES)
        self.assertEqual(verdicts.of_order((1, 3), (2, 4)), UNDECIDED)
        self.assertEqual(verdicts.of_order((1, 2), (np.nan, np.nan)), UNDECIDED)

    def test_attention_that_has_grown_counts_for_something(self):
        for first, last, uniform, expected in (
                (0.0013, 0.0032, 0.008, DISAGREES),  # tripled, and still below equal attention
                (0.953, 0.958, 0.008, UNDECIDED),    # nearly all of it from the beginning
                (0.02, 0.30, 0.008, AGREES),
                (0.02, 0.10, 0.12, DISAGREES),       # less than looking everywhere alike gives
                (0.90, 0.02, 0.008, DISAGREES)):
            self.assertEqual(comparisons.has_grown(first, last, uniform), expected, (first, last))

    def test_whether_the_superposition_is_used(self):
        def verdict(before=0.98, without_thoughts=None, **lost):
            return comparisons_of_answers.verdict_on_use({**LOST, **lost}, 257, before,
                                                         without_thoughts)
        self.assertEqual(verdict(keep_strongest=0.32)[0], "superposition is used")
        enough = verdict(keep_strongest=0.01)
        self.assertEqual(enough[0], "not shown to be used")
        self.assertIn("one node is enough", enough[1])
        self.assertEqual(verdict(rescale_reachable=0.02)[0], "not shown to be used")
        without = verdict()
        self.assertEqual(without[0], UNDECIDED)
        self.assertIn("takes away what lies outside the node embeddings", without[1])
        for before, zero, reason in ((0.0625, None, "a guess between the candidates (50.00 %)"),
                                     (0.53, None, "a guess"), (0.95, 0.94, "without its thoughts")):
            result = verdict(before, zero, keep_strongest=0.0)
            self.assertEqual(result[0], UNDECIDED)
            self.assertIn(reason, result[1])

    def test_most_of_the_recipe_is_compared(self):
        papers = {"method": {"name": "coconut"}}
        for known in published.SETTINGS:
            papers.setdefault(known.section, {})[known.key] = known.rbs[0]
        self.assertEqual(setting.of_configuration(papers, "RbS"), [])
        self.assertEqual(setting.of_configuration(
            {**papers, "model": {**papers["model"], "n_layer": 12}}, "RbS", n_layer=12), [])
        for section, key, value in (
                ("optimizer", "name", "muon"), ("optimizer", "schedule", "cosine"),
                ("model", "attn_pdrop", 0.0), ("model", "initializer_range", 0.08),
                ("optimizer", "clip_norm", 1.0), ("curriculum", "epochs_per_stage", 1),
                ("method", "exact_frontier", True), ("method", "supervise", "all"),
                ("data", "shares", [0.3, 0.3]), ("data", "train", ["a", "b"])):
            other = {**papers, section: {**papers[section], key: value}}
            self.assertEqual(len(setting.of_configuration(other, "RbS")), 1, key)
        stages = {**papers, "method": {**papers["method"], "name": "cot"},
                  "curriculum": {"first_stage_epochs": 2}}
        self.assertEqual(setting.of_configuration(stages, "RbS"), [])

    def test_hops_are_those_that_problems_have(self):
        self.assertEqual(hops_in({HOPS: [1, 2, 3, 4],
                                  Measure.N_PROBLEMS_BY_HOPS: [[0, 45, 17, 2]]}), [2, 3, 4])
        self.assertEqual(hops_in({HOPS: [3, 4]}), [3, 4])  # older files do not count them
        self.assertEqual(setting.of_hops([2, 3, 4]), ["hops 2, 3, 4 (papers: 3, 4)"])
        self.assertEqual(setting.of_hops([4]), [])
        self.assertEqual([headline.listed(n) for n in ([4], [3, 4], [2, 3, 4])],
                         ["4", "3 and 4", "2, 3 and 4"])


class Runs(FigureCase):
    @classmethod
    def settle_in(cls):
        synthetic.write_run(cls.path / "run", MEANS)
        synthetic.write_probe(cls.path / "run" / "probe.h5", MEANS)

    def branch(self):
        path = self.path / "branch"
        synthetic.write_run(path, MEANS)
        for table, name, first in (("steps", "step", 40), ("epochs", "epoch", 10),
                                   ("evaluation", "epoch", 10), ("attention", "epoch", 10)):
            keep_from(path / "run.h5", table, name, first)
        return path

    def test_a_branch_is_named_and_its_growth_undecided(self):
        material = Material([self.branch()], [], [])
        run, = material.runs
        self.assertEqual(headline.duration(run),
                         "branch from step 41: 8 steps in 2 epochs; 0.1 min on 2 processes")
        self.assertIn(("branch: steps 1 to 40", "branch"),
                      [(what, "branch" if "branch" in why else why)
                       for what, why, _ in material.missing])
        statistics, = material.recorded
        for result in (comparisons.compare_growth([statistics]),
                       comparisons.compare_prediction([statistics])):
            self.assertEqual(result.order, UNDECIDED)
            self.assertIn("first record lies in stage 4", result.statement)
        whole = Run(self.path / "run")
        self.assertEqual((whole.branch_step, whole.statistics.first_stage), (None, 0))
        self.assertNotIn("first record", comparisons.compare_growth([whole.statistics]).statement)

    def test_the_order_of_groups_takes_enough_problems(self):
        """The same means and deviations: 600 edges of 3 problems are 3 measurements, not 600."""
        self.assertEqual(comparisons.compare_edges([Probe(self.path / "run" / "probe.h5")]).order,
                         AGREES)
        path = self.path / "scattered.h5"
        synthetic.write_probe(path, MEANS, std=0.5)
        with h5py.File(path, "a") as file:
            for name in file["statistics"]:
                file[f"statistics/{name}/count"][...] = 600
        result = comparisons.compare_edges([Probe(path)])
        self.assertEqual(result.order, UNDECIDED)
        self.assertIn("as if all edges or nodes of a problem were one measurement",
                      " ".join(result.rules))

    def seeds(self, *changes):
        """Probes of as many seeds; changes: {dataset: factor} of each."""
        probes = []
        for seed, factors in enumerate(changes):
            path = self.path / f"seed{seed}.h5"
            synthetic.write_probe(path, MEANS, seed=seed)
            with h5py.File(path, "a") as file:
                for name, factor in factors.items():
                    file[name][...] *= factor
            probes.append(Probe(path))
        return probes

    def test_seeds_are_told_apart_from_settings(self):
        first, second = self.seeds({}, {})
        again, other = Probe(first.path), Probe(second.path)
        other.attributes["data_hash_data"] = "00ff"
        self.assertEqual(seeds.by_setting([first, second, again, other]),
                         [[first, second], [again], [other]])

    def test_many_seeds_are_counted(self):
        items = [types.SimpleNamespace(name=f"seed{i}") for i in range(5)]
        self.assertEqual(seeds.names_of(items[:2] + items[:1]), "seed0, seed1")
        self.assertEqual(seeds.names_of(items), "seed0 and 4 more")

    def test_runs_on_other_problems_are_no_seeds_of_one_setting(self):
        def run(seed, shares=(), file="train.json", hash_train="00ff"):
            return types.SimpleNamespace(
                configuration={"train": {"seed": seed}, "data": {"train": [file],
                                                                 "shares": list(shares)}},
                attributes={"data_hash_train": hash_train})
        first, elsewhere = run(0), run(1, file="elsewhere/train.json")
        other_share, other_problems = run(2, shares=[0.5]), run(3, hash_train="0000")
        self.assertEqual(seeds.by_setting([first, elsewhere, other_share, other_problems]),
                         [[first, elsewhere], [other_share], [other_problems]])

    def test_settings_younger_than_the_first_version_are_those_of_the_program(self):
        text = (ROOT / "src" / "train" / "options.hpp").read_text()
        added = {tuple(key.split(".")): json.loads(value.replace(r'\"', '"'))
                 for key, value in re.findall(r'AddedSetting\{"([^"]+)",\s*"((?:[^"\\]|\\.)*)"\}', text)}
        self.assertGreater(len(added), 10)
        self.assertEqual(seeds.ADDED, {("model", "precision"): "f32", **added})

    def test_copying_is_judged_in_every_seed(self):
        name = "statistics/copying/mean"
        both = comparisons.compare_copying([p.statistics for p in self.seeds({}, {name: 0.9})])
        self.assertEqual((both.order, both.rows[0][1].text), (AGREES, "77.19 % (73.12 % to 81.25 %)"))
        one = comparisons.compare_copying([p.statistics for p in self.seeds({}, {name: 0.5})])
        self.assertEqual(one.order, "agrees in part")

    def test_interventions_are_judged_in_every_seed(self):
        name = "interventions/keep_strongest/accuracy_after"
        probes = self.seeds({}, {name: 1.2})
        both = comparisons_of_answers.compare_interventions(probes, [0.2, None])
        self.assertEqual(both.order, "superposition is used")
        self.assertIn("strongest alone costs 21.0", both.statement)  # 0.98 - 0.77
        row = next(row for row in both.rows if row[0] == "keep strongest")
        self.assertEqual(row[4].text, "77.00 % (70.00 % to 84.00 %)")
        one = comparisons_of_answers.compare_interventions(self.seeds({}, {name: 1.4}), [0.2, 0.2])
        self.assertEqual(one.order, UNDECIDED)
        self.assertIn("seed1: not shown to be used", one.statement.replace(str(self.path), ""))

    def test_growth_takes_two_records(self):
        path = self.path / "once"
        synthetic.write_run(path, MEANS)
        keep_from(path / "run.h5", "attention", "epoch", synthetic.N_EPOCH - 1)
        page = Page("once")
        Tables(page, Material([path], [], [])).growth()
        self.assertIn("Only one epoch was recorded; growth needs at least two (record.every).",
                      page.text_by("test"))

    def test_a_history_stands_in_for_an_evaluation(self):
        last = LastEvaluation(Run(self.path / "run"))
        self.assertEqual(last.hops, [3, 4])
        why = {what: why for what, why, _ in Material([self.path / "run"], [], []).missing}
        self.assertIn("the last row of run.h5 is used instead", why["run: evaluation*.json"])

    def test_methods_are_in_order_where_their_intervals_are(self):
        for name, method, accuracy in (("a", "coconut", 0.98), ("b", "cot", 0.75),
                                       ("c", "no_cot", 0.97)):
            synthetic.write_run(self.path / name, MEANS, method)
            synthetic.write_evaluation(self.path / name / "evaluation.json", accuracy)
            document = json.loads((self.path / name / "evaluation.json").read_text())
            document["shortcuts"] = []
            (self.path / name / "evaluation.json").write_text(json.dumps(document))

        def compared(*names):
            material = Material([self.path / name for name in names], [], [])
            (data, methods), = group(material.evaluations).items()
            return comparisons_of_answers.compare_methods(data, methods)
        self.assertEqual(compared("a", "b").order, AGREES)
        self.assertEqual(compared("a", "b", "c").order, UNDECIDED)  # 98 % of 257 is not above 97 %
        alone = compared("a")
        self.assertEqual(alone.order, UNDECIDED)
        self.assertEqual(alone.statement, "coconut: 98.00 %. To compare their order, evaluate "
                                          "coconut and cot or no_cot on the same problems.")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
