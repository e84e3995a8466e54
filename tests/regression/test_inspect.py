"""`superpose inspect` and `superpose diff` with the real program. Usage: see harness.py."""

import json
import shutil

import h5py
import numpy as np

from small_runs import N_TRAIN, SmallRuns, damage
import harness

DATASETS = ("parameters/wte.weight", "optimizer/exp_avg/h.1.mlp.c_fc.weight",
            "optimizer/exp_avg_sq/ln_f.bias")


class Files(SmallRuns):
    """Two runs to the same bits, in `a` (1 rank) and `b` (2 ranks), and one of another seed."""

    @classmethod
    def settle_in(cls):
        super().settle_in()
        for name, settings, ranks in (("a", {}, None), ("b", {}, 2),
                                      ("c", {"train.seed": 1}, None)):
            result = cls.train(name, {"train.epochs": 2, **settings}, ranks=ranks)
            assert result.returncode == 0, result.stderr
        cls.checkpoint = cls.path / "a" / "checkpoint_000000006.h5"
        cls.history = cls.path / "a" / "run.h5"

    def copy(self, source=None):
        """A copy to be damaged."""
        target = self.path / "copy.h5"
        shutil.copy(source or self.checkpoint, target)
        return target

    def edited(self, edit, source=None):
        path = self.copy(source)
        with h5py.File(path, "r+") as file:
            edit(file)
        return path

    def inspect(self, path):
        result = self.run_program("inspect", path, "--json")
        self.assert_succeeds(result)
        return json.loads(result.stdout)


class Inspect(Files):
    def test_text_says_what_a_checkpoint_holds(self):
        self.assert_succeeds(
            self.run_program("inspect", self.checkpoint), "superpose_checkpoint, format version 3",
            "created", "commit", "step", "stage", "parameters/wte.weight", "intact: ")

    def test_json_agrees_with_the_checkpoint(self):
        report = self.inspect(self.checkpoint)
        self.assertEqual((report["kind"], report["format_version"], report["intact"]),
                         ("superpose_checkpoint", 3, True))
        with h5py.File(self.checkpoint) as file:
            self.assertEqual(report["step"], file.attrs["step"])
            for name in ("created", "git_hash", "configuration"):
                self.assertEqual(report[name], file.attrs[name])
            self.assertEqual(report["counters"], dict(file["counters"].attrs))
            self.assertEqual(report["values"], dict(file["values"].attrs))
            shapes = {d["name"]: d["shape"] for d in report["datasets"]}
            self.assertEqual(len(shapes), 3 * len(file["parameters"]))
            for name, shape in shapes.items():
                self.assertEqual(tuple(shape), file[name].shape)

    def test_a_run_directory_stands_for_its_newest_checkpoint(self):
        self.assertEqual(self.inspect(self.path / "a"), self.inspect(self.checkpoint))
        empty = self.path / "empty"
        empty.mkdir(exist_ok=True)
        self.assert_fails(self.run_program("inspect", empty), 4, "has no checkpoints")

    def test_histories(self):
        report = self.inspect(self.history)
        self.assertEqual(report["kind"], "superpose_run")
        self.assertEqual({t["name"]: t["rows"] for t in report["tables"]},
                         {"steps": 6, "epochs": 2, "evaluation": 2, "attention": 0})
        self.assert_succeeds(self.run_program("inspect", self.history), "6 rows by step")

    def test_problem_files(self):
        report = self.inspect("train.json")
        self.assertEqual((report["kind"], report["problems"], report["hops"]),
                         ("problems", N_TRAIN, [2, 3]))
        with h5py.File(self.history) as file:
            self.assertEqual(report["hash"], file.attrs["data_hash_train"])
        self.assert_succeeds(self.run_program("inspect", "train.json"), f"{N_TRAIN}", "2 to 3")

    def test_every_damaged_dataset_is_named(self):
        path = self.copy()
        for dataset in DATASETS:
            damage(path, dataset)
        result = self.run_program("inspect", path)
        self.assert_fails(result, 4, "copy.h5 is damaged", *DATASETS)
        self.assertNotIn("ln_f.weight", result.stderr)
        self.assertEqual(result.stdout.count("its checksum does not match"), 3)
        result = self.run_program("inspect", path, "--json")
        self.assertEqual(result.returncode, 4)
        report = json.loads(result.stdout)
        self.assertFalse(report["intact"])
        self.assertEqual({d["name"] for d in report["datasets"] if not d["intact"]}, set(DATASETS))

    def test_missing_and_incomplete_parts_are_named(self):
        def drop_dataset(file):
            del file["optimizer/exp_avg/wpe.weight"]

        def drop_attribute(file):
            del file.attrs["step"]

        def drop_counters(file):
            del file["counters"]

        for edit, part in ((drop_dataset, "optimizer/exp_avg/wpe.weight is missing"),
                           (drop_attribute, "step"), (drop_counters, "counters")):
            with self.subTest(part=part):
                self.assert_fails(self.run_program("inspect", self.edited(edit)), 4, part,
                                  "no seal: it is incomplete, or another program has changed it")

    def test_a_checkpoint_of_a_newer_program_is_refused(self):
        def next_version(file):
            file.attrs["format_version"] = np.int64(4)

        self.assert_fails(self.run_program("inspect", self.edited(next_version)), 4, "version 4")
        path = self.edited(next_version, self.history)
        self.assert_fails(self.run_program("inspect", path), 5, "version 4")

    def test_a_truncated_file_is_never_intact(self):
        for source in (self.checkpoint, self.history):
            whole = source.read_bytes()
            for length in (0, 7, 100, len(whole) // 2, len(whole) - 1):
                (self.path / "cut.h5").write_bytes(whole[:length])
                with self.subTest(source=source.name, length=length):
                    code = 4 if source == self.checkpoint and length == len(whole) - 1 else 5
                    self.assert_fails(self.run_program("inspect", "cut.h5"), code, "cut.h5")

    def test_a_history_with_columns_of_unequal_length_is_damaged(self):
        def shorten(file):
            values = file["steps/loss"][:-1]
            del file["steps/loss"]
            file["steps/loss"] = values
            file["steps/loss"].dims[0].attach_scale(file["steps/step"])

        path = self.edited(shorten, self.history)
        self.assert_fails(self.run_program("inspect", path), 5, "steps/loss", "5 rows")

    def test_other_files_are_refused(self):
        with h5py.File(self.path / "foreign.h5", "w") as file:
            file["x"] = [1, 2, 3]
        (self.path / "text.txt").write_text("no file of ours\n")
        (self.path / "bad.json").write_text('[{"root": 0}]')
        (self.path / "broken.json").write_text((self.path / "train.json").read_text()[:-9])
        for name, code, part in (("foreign.h5", 5, "does not say what it is"),
                                 ("text.txt", 5, "text.txt"), (".", 4, "no checkpoints"),
                                 ("none.h5", 5, "cannot open none.h5 (No such file"),
                                 ("none.json", 5, "cannot open none.json (No such file"),
                                 ("bad.json", 3, "problem 0"),
                                 ("broken.json", 3, "is not valid JSON")):
            with self.subTest(file=name):
                result = self.run_program("inspect", name)
                self.assert_fails(result, code, part)
                self.assertEqual(result.stdout, "")

    def test_usage(self):
        self.assert_fails(self.run_program("inspect"), 2, "FILE is required")
        self.assert_fails(self.run_program("inspect", "x.h5", "--jsn"), 2, "'--json'")


class Diff(Files):
    def diff(self, a, b, *options):
        return self.run_program("diff", a, b, *options)

    def assert_differs(self, result, *parts):
        self.assertEqual((result.returncode, result.stderr), (1, ""))
        for part in parts:
            self.assertIn(part, result.stdout)

    def test_runs_on_one_and_two_ranks_are_the_same(self):
        for name in ("checkpoint_000000006.h5", "run.h5"):
            result = self.diff(f"a/{name}", f"b/{name}")
            self.assert_succeeds(result, "are the same", "bit for bit", "n_ranks")
        self.assertIn("wall times (not counted)", result.stdout)

    def test_run_directories_stand_for_their_newest_checkpoints(self):
        self.assert_succeeds(self.diff("a", "b"), "a/checkpoint_000000006.h5 and b/checkpoint_000000006.h5 "
                             "are the same")

    def test_runs_of_two_seeds_differ(self):
        self.assert_differs(self.diff("a/run.h5", "c/run.h5"), "steps/loss", "6 of 6 differ",
                            "first at [0]", "seeds")
        self.assert_differs(self.diff(self.checkpoint, "c/checkpoint_000000006.h5"),
                            "parameters/wte.weight", "first at [0, 0]")

    def test_tolerance_and_ignored_names(self):
        def change(file):
            file["steps/loss"][2] *= 1 + 1e-9
            file.attrs["format_version"] = np.int64(1)  # which had no seal

        path = self.edited(change, self.history)
        self.assert_differs(self.diff(self.history, path), "steps/loss", "1 of 6 differ",
                            "relative 1e-09", "first at [2]")
        self.assert_succeeds(self.diff(self.history, path, "--tolerance", "1e-8"), "to 1e-08")
        self.assert_differs(self.diff(self.history, path, "--tolerance=1e-10"))
        for name in ("loss", "steps/loss", "steps", "stage,loss"):
            self.assert_succeeds(self.diff(self.history, path, "--ignore", name))
        self.assert_succeeds(
            self.run_program("diff", "--ignore", "loss", "--ignore=stage", self.history, path))

    def test_unusable_files_are_refused(self):
        path = self.copy()
        damage(path, DATASETS[1])
        self.assert_fails(self.diff(self.checkpoint, path), 4, "copy.h5 is damaged", DATASETS[1])
        self.assert_fails(self.diff("none.h5", self.checkpoint), 5, "cannot open none.h5")
        self.assert_fails(self.diff("train.json", "train.json"), 5, "train.json")

    def test_usage(self):
        for arguments, part in (((self.checkpoint, self.history), "cannot compare"),
                                ((self.checkpoint,), "B is required"),
                                ((self.checkpoint, self.checkpoint, "--ignore", "x"), "'x'"),
                                ((self.checkpoint, self.checkpoint, "--tolerance", "-1"),
                                 "--tolerance")):
            with self.subTest(arguments=arguments):
                self.assert_fails(self.run_program("diff", *arguments), 2, part)


if __name__ == "__main__":
    harness.main()
