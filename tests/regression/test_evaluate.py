"""`superpose evaluate` with the real program. Usage: see harness.py."""

import os
import pathlib

import harness
from small_runs import N_VALID, SmallRuns, column, damage

PUBLISHED = {"prosqa_valid.json": 300, "prosqa_valid_graph_4_coconut.json": 257,
             "prosqa_valid_graph_4_coconut_shuffled.json": 257,
             "prosqa_valid_graph_4_bfs_shuffled.json": 257}


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
                                  "out.json", *arguments, ranks=ranks)
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
                for ours, theirs in (("accuracy", "accuracy"), ("loss", "loss"),
                                     ("candidate_accuracy", "candidate_accuracy")):
                    measured = column(history, "evaluation", theirs)[-1]
                    if result["all"][ours] is None:
                        self.assertNotEqual(measured, measured, "NaN")
                    else:
                        self.assertEqual(result["all"][ours], measured)
                frontier = column(history, "evaluation", "next_node_frontier")[-1]
                self.assertEqual([hop["frontier"] for hop in result["next_node"]],
                                 frontier[frontier == frontier].tolist())

    def test_json_agrees_with_the_printed_table(self):
        text, report = self.evaluate("coconut")
        rows, result = table_rows(text), report["results"][0]
        groups = {"all": result["all"], "equally deep candidates": result["equal_depth"],
                  **{f"{hops} hops": group for hops, group in result["by_hops"].items()}}
        for label, group in groups.items():
            self.assert_close(rows.pop(label), [group["problems"], group["accuracy"],
                                                group["candidate_accuracy"], group["loss"]])
        for hop in result["next_node"]:
            self.assert_close(rows.pop(f"hop {hop['hop']} (stage {hop['stage']})"),
                              [hop["problems"], hop["optimal"], hop["frontier"], hop["loss"],
                               hop["uniform_guess_loss"]])
        self.assertEqual(rows, {})
        self.assertIn(f"{N_VALID} problems", text)

    def assert_close(self, printed, exact):
        self.assertEqual(len(printed), len(exact))
        for a, b in zip(printed, exact):
            self.assertLessEqual(abs(a - b), 5.1e-5, (printed, exact))

    def assert_same(self, measured, expected):
        """The same shares; losses but for the order of sums, which may depend on how many rows a
        matrix product has."""
        self.assertEqual({**measured, "loss": 0}, {**expected, "loss": 0})
        self.assertLess(abs(measured["loss"] - expected["loss"]), 1e-6 * expected["loss"])

    def test_json_says_what_was_measured(self):
        report = self.evaluate("coconut")[1]
        self.assertEqual((report["step"], report["problems"], report["data"]),
                         (30, N_VALID, "valid.json"))
        self.assertIn("evaluate", report["command_line"])
        by_hops = report["results"][0]["by_hops"]
        self.assertEqual(sum(group["problems"] for group in by_hops.values()), N_VALID)
        self.assertGreater(len(report["shortcuts"]), 3)

    def test_any_number_of_latent_tokens(self):
        _, report = self.evaluate("coconut", "valid.json", "--latents", "0,1,2,6")
        results = report["results"]
        self.assertEqual([result["latents"] for result in results], [0, 1, 2, 6])
        # After n thoughts the hops 1..n+1 can be predicted; problems have 2 or 3.
        self.assertEqual([len(result["next_node"]) for result in results], [1, 2, 3, 3])
        for result in results[1:]:
            # Later thoughts do not change an earlier prediction.
            self.assert_same(result["next_node"][0], results[0]["next_node"][0])
        self.assertEqual(len({result["all"]["loss"] for result in results}), 4)
        own = self.evaluate("coconut")[1]["results"][0]
        self.assert_same(own["by_hops"]["2"], results[2]["by_hops"]["2"])

    def test_published_files(self):
        folder = published_folder()
        if folder is None:
            self.skipTest("the published files are not there; name their folder in "
                          "SUPERPOSE_PUBLISHED_DATA")
        for name, n_problems in PUBLISHED.items():
            with self.subTest(file=name):
                result = self.evaluate("coconut", folder / name)[1]["results"][0]
                self.assertEqual(result["all"]["problems"], n_problems)
                lengths = {int(hops) for hops in result["by_hops"]}
                self.assertEqual(lengths, {3, 4, 5, 6} if n_problems == 300 else {3, 4})


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
                                  "none/out.json")
        self.assert_fails(result, 5, "cannot write none/out.json (No such file or directory)")
        self.assertEqual(result.stdout, "")


if __name__ == "__main__":
    harness.main()
