"""Training with the real program: the same bits on any number of ranks, every method, every file of
configs/, the curriculum, and the histories in run.h5. Usage: see harness.py."""

import pathlib
import shutil
import subprocess
import sys

import h5py
import numpy

import harness
from small_runs import N_TRAIN, N_VALID, SmallRuns, column, counters, overrides

METHODS = ["coconut", "coconut_bfs_sample", "coconut_bfs_loss", "cot", "no_cot", "pause"]
STEPS_PER_EPOCH = 3  # 44 problems in batches of 19


class NumberOfRanks(SmallRuns):
    def assert_same_bits(self, method, epochs, precision="f32", optimizer="adamw"):
        settings = {"method.name": method, "train.epochs": epochs, "model.precision": precision,
                    "optimizer.name": optimizer}
        name = f"{method}_{precision}_{optimizer}"
        self.assert_succeeds(self.train(f"{name}_1", settings), "1 rank,")
        expected = self.outcome(f"{name}_1")
        self.assertGreater(len(expected), 100)
        for ranks in (2, 3, 4):
            with self.subTest(ranks=ranks):
                directory = f"{name}_{ranks}"
                self.assert_succeeds(self.train(directory, settings, ranks), f"{ranks} ranks,")
                self.assertEqual(self.outcome(directory), expected)

    def test_coconut_ends_in_the_same_bits(self):
        self.assert_same_bits("coconut", epochs=4)

    def test_coconut_in_bf16_ends_in_the_same_bits(self):
        self.assert_same_bits("coconut", epochs=4, precision="bf16")

    def test_cot_with_muon_ends_in_the_same_bits(self):
        self.assert_same_bits("cot", epochs=2, optimizer="muon")


class Comparison(SmallRuns):
    def test_outcomes_differ_where_they_should(self):
        """What the tests of equal bits rest on: no setting of theirs is without effect."""
        settings = {"train.epochs": 2}
        self.assert_succeeds(self.train("base", settings))
        changes = {"train.seed": 1, "model.resid_pdrop": 0, "method.shuffle_nodes": False,
                   "train.leaves": 7, "optimizer.clip_norm": 0, "model.precision": "bf16",
                   "curriculum.reset_optimizer": False, "method.supervise": "all",
                   "method.uniform_prob_by_stage": "0.9", "optimizer.stage_lr": "1,0.5",
                   "optimizer.name": "muon", "model.position_init": "sinusoidal",
                   "data.shares": "0.9"}
        for i, (key, value) in enumerate(changes.items()):
            with self.subTest(key=key):
                self.assert_succeeds(self.train(f"other_{i}", {**settings, key: value}))
                self.assertNotEqual(self.outcome(f"other_{i}"), self.outcome("base"))


class Methods(SmallRuns):
    def test_every_method_learns(self):
        """At stage 2, with two thoughts: from the first epoch of it to the last."""
        settings = {"train.epochs": 14, "optimizer.schedule": "constant"}
        for method in METHODS:
            with self.subTest(method=method):
                self.assert_succeeds(self.train(method, {**settings, "method.name": method}))
                loss = column(self.path / method / "run.h5", "epochs", "loss")
                self.assertTrue(numpy.isfinite(loss).all())
                self.assertLess(loss[-3:].mean(), 0.9 * loss[2])


class Progress(SmallRuns):
    def test_lines_count_epochs_alike_and_label_what_they_show(self):
        result = self.train("lines", {"train.epochs": 2, "output.log_every": 1})
        self.assert_succeeds(result)
        epochs = [int(words.split()[1].split("/")[0]) for words in result.stdout.splitlines()
                  if words.startswith("epoch ")]
        of_steps = [int(words.split(" epoch ")[1].split()[0])
                    for words in result.stdout.splitlines() if words.startswith("step ")]
        self.assertEqual(epochs, [1, 2])
        self.assertEqual(sorted(set(of_steps)), [1, 2])
        self.assertRegex(result.stdout, r"frontier at hops 1 to 3: [0-9.]+, [0-9.]+, [0-9.]+ %")

    def test_what_there_is_none_of_is_left_out(self):
        """No problem with equally deep candidates."""
        unequal = [p for p in self.read_json("valid.json") if not may_be_equally_deep(p)]
        self.write_json("unequal.json", unequal)
        result = self.train("unequal", {"train.epochs": 1, "data.valid": "unequal.json"})
        self.assert_succeeds(result)
        self.assertNotIn("nan", result.stdout)
        self.assertNotIn("equally deep", result.stdout)


def distances(edges, start):
    """Of the nodes that can be reached, by node."""
    found, front = {start: 0}, [start]
    while front:
        front = sorted({b for a, b in edges if a in front and b not in found})
        found.update({node: max(found.values()) + 1 for node in front})
    return found


def may_be_equally_deep(problem):
    """Whether the other candidate lies as far below any source as the target below the root."""
    edges, other = problem["edges"], problem["neg_target"]
    sources = {a for a, _ in edges} - {b for _, b in edges}
    depth = distances(edges, problem["root"])[problem["target"]]
    return depth in [distances(edges, source).get(other) for source in sources]


class Configurations(SmallRuns):
    """Each file of configs/ for one step. Full width once, then 96: the model of 12 layers takes a
    minute and a gigabyte otherwise."""

    def test_every_configuration_trains(self):
        self.generate("eight.json", count=8, n_nodes=12, seed=3)
        files = sorted(harness.CONFIGS.glob("*.toml"))
        self.assertIn("prosqa_coconut.toml", [file.name for file in files])
        for file in files:
            settings = {"data.train": "eight.json", "data.shares": "[]", "data.later_shares": "[]",
                        "data.later_shares_from": 0, "data.valid": "eight.json",
                        "optimizer.decay_epochs": 0, "optimizer.schedule": "constant",
                        "train.epochs": 1, "train.batch_size": 8,
                        "output.directory": file.stem}
            if file.name != "prosqa_coconut.toml":
                settings["model.n_embd"] = 96
            with self.subTest(file=file.name):
                self.assert_succeeds(self.run_program("train", file, *overrides(settings)),
                                     "epoch    1/1 ")
                self.assertEqual(counters(self.checkpoints(file.stem)[-1])["optimizer_steps"], 1)


class Curriculum(SmallRuns):
    def stages(self, directory, **settings):
        """Stage of each epoch, after making sure that all tables of run.h5 agree on it."""
        settings = {f"curriculum.{key}": value for key, value in settings.items()}
        self.assert_succeeds(self.train(directory, {**settings, "train.epochs": 7}))
        history = self.path / directory / "run.h5"
        stages = column(history, "epochs", "stage").tolist()
        self.assertEqual(column(history, "evaluation", "stage").tolist(), stages)
        self.assertEqual(column(history, "steps", "stage").tolist(),
                         numpy.repeat(stages, STEPS_PER_EPOCH).tolist())
        return stages

    def test_stages_end_after_their_epochs(self):
        self.assertEqual(self.stages("epochs", first_stage_epochs=3, epochs_per_stage=2),
                         [0, 0, 0, 1, 1, 2, 2])

    def test_a_settled_stage_ends_early(self):
        self.assertEqual(self.stages("early", stage_end="settled", settle_threshold=1000,
                                     settle_patience=2, first_stage_epochs=5, epochs_per_stage=5),
                         [0, 0, 1, 1, 2, 2, 2])

    def test_an_unsettled_stage_lasts_all_its_epochs(self):
        self.assertEqual(self.stages("late", stage_end="settled", settle_threshold=1e-9,
                                     settle_patience=1, first_stage_epochs=4, epochs_per_stage=2),
                         [0, 0, 0, 0, 1, 1, 2])


class ByStage(SmallRuns):
    """What a recipe changes from stage to stage, all at once."""

    settings = {"train.epochs": 6, "curriculum.first_stage_epochs": 2,
                "optimizer.schedule": "warmup_stable_decay", "optimizer.decay_epochs": 2,
                "optimizer.stage_lr": "1,0.5", "method.uniform_prob_by_stage": "[0, 0.3, 0.6]",
                "method.supervise": "all", "output.checkpoint_every": 1, "output.keep": 9}

    @classmethod
    def settle_in(cls):
        super().settle_in()
        result = cls.train("alone", cls.settings)
        assert result.returncode == 0, result.stderr

    def test_the_rate_of_each_step_is_recorded(self):
        """Stage 0 for 6 steps, then half the rate; the last 6 of 18 steps fall to a tenth."""
        fall = [1 - 0.9 * (i + 1) / 6 for i in range(6)]
        expected = numpy.array([0.5, 1, 1, 1, 1, 1] + 6 * [0.5] + [0.5 * f for f in fall]) * 3e-3
        rate = column(self.path / "alone" / "run.h5", "steps", "learning_rate")
        numpy.testing.assert_allclose(rate, expected, rtol=1e-12)

    def test_any_number_of_ranks_ends_in_the_same_bits(self):
        self.assert_succeeds(self.train("three", self.settings, ranks=3), "3 ranks,")
        self.assertEqual(self.outcome("three"), self.outcome("alone"))

    def test_a_run_that_lost_its_last_epochs_ends_in_the_same_bits(self):
        shutil.copytree(self.path / "alone", self.path / "cut")
        for checkpoint in self.checkpoints("cut")[3:]:
            checkpoint.unlink()
        self.assertEqual(counters(self.checkpoints("cut")[-1])["epoch"], 3)
        self.assert_succeeds(self.train("cut", self.settings))
        self.assertEqual(self.outcome("cut"), self.outcome("alone"))

    def test_another_length_is_another_run(self):
        result = self.train("alone", {**self.settings, "train.epochs": 7})
        self.assert_fails(result, 2, "train.epochs is 7")


class Histories(SmallRuns):
    """run.h5 of a finished run."""

    @classmethod
    def settle_in(cls):
        super().settle_in()
        result = cls.train("run", {"train.eval_every": 3})
        assert result.returncode == 0, result.stderr
        cls.history = cls.path / "run" / "run.h5"

    def table(self, name):
        """{column: names of its dimensions}."""
        with h5py.File(self.history) as file:
            return {column: tuple(d[0].name.rsplit("/", 1)[-1] for d in dataset.dims if len(d) > 0)
                    for column, dataset in file[name].items() if column not in ("hop", "hops")}

    def test_tables_have_the_documented_columns_and_dimensions(self):
        by_step = dict.fromkeys(["epoch", "stage", "loss", "gradient_norm", "learning_rate",
                                 "seconds", "tokens", "operations"], ("step",))
        self.assertEqual(self.table("steps"), {"step": (), **by_step})
        self.assertEqual(self.table("epochs"),
                         {"epoch": (), **dict.fromkeys(["stage", "loss", "seconds"], ("epoch",))})
        answers = ["n_problems", "accuracy", "candidate_accuracy", "loss"]
        by_epoch = ["stage", *answers, *(f"{name}_equal_depth" for name in answers)]
        by_hop = ["next_node_n_problems", "next_node_optimal", "next_node_frontier",
                  "next_node_loss", "uniform_guess_loss"]
        self.assertEqual(self.table("evaluation"), {
            "epoch": (), **dict.fromkeys(by_epoch, ("epoch",)),
            **dict.fromkeys([f"{name}_by_hops" for name in answers], ("epoch", "hops")),
            **dict.fromkeys(by_hop, ("epoch", "hop"))})

    def test_rows_are_the_steps_and_epochs_of_the_run(self):
        self.assertEqual(column(self.history, "steps", "step").tolist(), list(range(1, 13)))
        self.assertEqual(column(self.history, "steps", "epoch").tolist(),
                         numpy.repeat(range(4), STEPS_PER_EPOCH).tolist())
        self.assertEqual(column(self.history, "epochs", "epoch").tolist(), [0, 1, 2, 3])
        self.assertEqual(column(self.history, "evaluation", "epoch").tolist(), [2, 3],
                         "every third epoch, and the last")
        self.assertEqual(column(self.history, "evaluation", "hop").tolist(), [1, 2, 3])

    def test_learning_rate_warms_up_and_decays(self):
        rate = column(self.history, "steps", "learning_rate")
        self.assertAlmostEqual(rate[0], 1.5e-3)
        self.assertAlmostEqual(rate[1], 3e-3)
        self.assertTrue((numpy.diff(rate[2:]) < 0).all())
        self.assertAlmostEqual(rate[-1], 3e-4)

    def test_provenance_is_that_of_the_run(self):
        with h5py.File(self.history) as file:
            self.assertEqual(file.attrs["file_type"], "superpose_run")
            self.assertIn("train small.toml --resume auto", file.attrs["command_line"])
            (self.path / "again.toml").write_text(file.attrs["configuration"])
        result = self.run_program("train", "again.toml", "--output.directory", "again")
        self.assert_succeeds(result, f"{N_TRAIN} + {N_VALID} held-out problems")
        self.assertEqual(self.outcome("again"), self.outcome("run"))

    def test_h5py_and_xarray_open_it(self):
        reader = pathlib.Path(__file__).with_name("read_with_h5py.py")
        for path in (self.history, self.checkpoints("run")[-1]):
            result = subprocess.run([sys.executable, reader, path], capture_output=True, text=True,
                                    check=False)
            if "No module named 'xarray'" in result.stderr:
                self.skipTest("xarray is not installed")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("opened by h5py", result.stdout)


if __name__ == "__main__":
    harness.main()
