"""`superpose evaluate` with the real program. Usage: see harness.py."""

import os
import pathlib

import numpy as np

from superpose_offline.files.measures import Measure

import harness
from small_runs import N_VALID, SmallRuns, column, damage

PUBLISHED = {"prosqa_valid.json": 300, "prosqa_valid_graph_4_coconut.json": 257,
             "prosqa_valid_graph_4_coconut_shuffled.json": 257,
             "prosqa_valid_graph_4_bfs_shuffled.json": 257}

ANSWERS = ["n_problems", "accuracy", "candidate_accuracy", "loss"]
NEXT_NODE = ["next_node_n_problems", "next_node_optimal", "next_node_frontier", "next_node_loss",
             "uniform_guess_loss"]


def published_folder():
    """Where the published problem files are, or None."""
    beside = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = pathlib.Path(os.environ.get("SUPERPOSE_PUBLISHED_DATA", beside))
    return folder if all((folder / name).exists() for name in PUBLISHED) else None


def table_rows(text):
    """{first words: numbers} of the first table that `evaluate` prints, percentages as shares."""
    rows = {}
    for line in text.split("best shortcuts")[0].splitlines():
        label, numbers = line[:26].strip(), line[26:].replace(" %", "%").split()
        if numbers and numbers[0].isdigit():
            rows[label] = [float(n[:-1]) / 100 if n.endswith("%") else float(n) for n in numbers]
    return rows


class Evaluate(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        settings = {"model.n_positions": 256, "optimizer.schedule": "constant", "train.epochs": 10}
        for method in ("coconut", "cot", "no_cot", "pause"):
            result = cls.train(method, {**settings, "method.name": method})
            assert result.returncode == 0, result.stderr

    def evaluate(self, method, data="valid.json", *arguments, ranks=None):
        """The printed text and the results of the JSON file."""
        result = self.run_program("evaluate", self.checkpoints(method)[-1], data, "--json",
                                  "out.json", "--force", *arguments, ranks=ranks)
        self.assert_succeeds(result)
        return result.stdout, self.read_json("out.json")

    def test_one_and_two_ranks_measure_the_same(self):
        self.generate("many.json", count=70, seed=5)  # more than two chunks of 32
        for method in ("coconut", "cot"):
            with self.subTest(method=method):
                text, report = self.evaluate(method, "many.json")
                text_2, report_2 = self.evaluate(method, "many.json", ranks=2)
                self.assertEqual(text_2, text)
                self.assertEqual(report_2["results"], report["results"])

    def test_held_out_measures_are_those_of_the_training(self):
        for method in ("coconut", "cot", "no_cot", "pause"):
            history = self.path / method / "run.h5"
            result = self.evaluate(method)[1]["results"][0]
            with self.subTest(method=method):
                for name in Measure:
                    in_history = column(history, "evaluation", name)[-1]
                    expected = np.array(result[name], dtype=float)  # None becomes NaN
                    # Histories have a place for every hop up to the most, JSON for those measured.
                    by = "hops" if name.endswith("_by_hops") else "hop"
                    at = [k - 1 for k in result[by]] if expected.ndim else ()
                    np.testing.assert_array_equal(in_history[at], expected, name)

    def test_json_agrees_with_the_printed_table(self):
        text, report = self.evaluate("coconut")
        rows, result = table_rows(text), report["results"][0]
        self.assert_close(rows.pop("all"), [result[name] for name in ANSWERS])
        self.assert_close(rows.pop("equally deep candidates"),
                          [result[f"{name}_equal_depth"] for name in ANSWERS])
        for i, hops in enumerate(result["hops"]):
            self.assert_close(rows.pop(f"{hops} hops"),
                              [result[f"{name}_by_hops"][i] for name in ANSWERS])
        for i, hop in enumerate(result["hop"]):
            self.assert_close(rows.pop(f"hop {hop} (stage {hop - 1})"),
                              [result[name][i] for name in NEXT_NODE])
        self.assertEqual(rows, {})
        self.assertIn(f"{N_VALID} problems", text)

    def assert_close(self, printed, exact):
        self.assertEqual(len(printed), len(exact))
        for a, b in zip(printed, exact):
            self.assertLessEqual(abs(a - b), 5.1e-5, (printed, exact))

    def assert_same(self, measured, expected, names, at):
        """The same shares at an index; losses but for the order of sums, which may depend on how
        many rows a matrix product has."""
        for name in names:
            a, b = measured[name][at], expected[name][at]
            self.assertLessEqual(abs(a - b), 1e-6 * b if "loss" in name else 0, name)

    def test_json_says_what_was_measured(self):
        report = self.evaluate("coconut")[1]
        self.assertEqual((report["step"], report["problems"], report["data"]),
                         (30, N_VALID, "valid.json"))
        self.assertIn("evaluate", report["command_line"])
        result = report["results"][0]
        self.assertEqual(sum(result["n_problems_by_hops"]), N_VALID)
        self.assertEqual(result["frontier_rule"], "distance")
        self.assertGreater(len(report["shortcuts"]), 3)

    def test_any_number_of_latent_tokens(self):
        _, report = self.evaluate("coconut", "valid.json", "--latents", "0,1,2,6")
        results = report["results"]
        self.assertEqual([result["latents"] for result in results], [0, 1, 2, 6])
        # After n thoughts the hops 1..n+1 can be predicted; problems have 2 or 3.
        self.assertEqual([result["hop"] for result in results],
                         [[1], [1, 2], [1, 2, 3], [1, 2, 3]])
        for result in results[1:]:
            # Later thoughts do not change an earlier prediction.
            self.assert_same(result, results[0], NEXT_NODE, 0)
        self.assertEqual(len({result["loss"] for result in results}), 4)
        own = self.evaluate("coconut")[1]["results"][0]
        self.assert_same(own, results[2], [f"{name}_by_hops" for name in ANSWERS],
                         own["hops"].index(2))

    def test_published_files(self):
        folder = published_folder()
        if folder is None:
            self.skipTest("the published files are not there; name their folder in "
                          "SUPERPOSE_PUBLISHED_DATA")
        for name, n_problems in PUBLISHED.items():
            with self.subTest(file=name):
                result = self.evaluate("coconut", folder / name)[1]["results"][0]
                self.assertEqual(result["n_problems"], n_problems)
                self.assertEqual(result["hops"], [3, 4, 5, 6] if n_problems == 300 else [3, 4])


class Errors(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        for method in ("coconut", "cot"):
            result = cls.train(method, {"method.name": method, "train.epochs": 1})
            assert result.returncode == 0, result.stderr
        cls.checkpoint = cls.path / "coconut" / "checkpoint_000000003.h5"

    def assert_evaluate_fails(self, checkpoint, data, code, *parts, arguments=(), ranks=None):
        result = self.run_program("evaluate", checkpoint, data, *arguments, ranks=ranks)
        self.assert_fails(result, code, *parts)

    def test_a_file_that_is_no_usable_checkpoint_is_refused(self):
        (self.path / "damaged.h5").write_bytes(self.checkpoint.read_bytes())
        damage(self.path / "damaged.h5", "parameters/h.1.mlp.c_fc.weight")
        (self.path / "cut.h5").write_bytes(self.checkpoint.read_bytes()[:100000])
        for path, part in (("none.h5", "none.h5"), ("valid.json", "valid.json"),
                           ("coconut/run.h5", "is not a superpose_checkpoint"),
                           ("cut.h5", "cut.h5"),
                           ("damaged.h5", "damaged.h5 is damaged (its seal does not match")):
            with self.subTest(path=path):
                self.assert_evaluate_fails(path, "valid.json", 4, part)
        self.assert_evaluate_fails("none.h5", "valid.json", 4, "none.h5", "[rank 0, ", ranks=2)

    def test_damage_outside_the_parameters_is_refused_too(self):
        (self.path / "moments.h5").write_bytes(self.checkpoint.read_bytes())
        damage(self.path / "moments.h5", "optimizer/exp_avg/wte.weight")
        self.assert_evaluate_fails("moments.h5", "valid.json", 4, "moments.h5 is damaged")

    def test_problems_that_do_not_fit_the_model_are_refused(self):
        self.generate("large.json", count=4, n_nodes=60, min_hops=3, max_hops=5)
        self.generate("long.json", count=4, n_nodes=28, min_hops=4, max_hops=4, parents_mean=4)
        self.assert_evaluate_fails(self.checkpoint, "large.json", 3, "vocab_size")
        self.assert_evaluate_fails(self.checkpoint, "long.json", 3, "model.n_positions = 128")
        self.assert_evaluate_fails(self.checkpoint, "valid.json", 3, "model.n_positions = 128",
                                   arguments=["--latents", "120"])
        self.assert_evaluate_fails(self.checkpoint, "none.json", 3, "cannot open none.json")

    def test_latents_of_a_method_without_are_refused(self):
        self.assert_evaluate_fails("cot/checkpoint_000000003.h5", "valid.json", 2,
                                   "--latents does not apply to method cot",
                                   arguments=["--latents", "2"])

    def test_a_json_file_that_cannot_be_written_is_an_io_error(self):
        """Found before the evaluation, not after it."""
        result = self.run_program("evaluate", self.checkpoint, "valid.json", "--json",
                                  "valid.json/out.json")
        self.assert_fails(result, 5, "cannot create the folder 'valid.json'")
        self.assertEqual(result.stdout, "")


if __name__ == "__main__":
    harness.main()
