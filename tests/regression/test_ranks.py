"""Ranks that do not see the same: node-local copies, stale file systems, launchers that start different
commands. Usage: see harness.py."""

import shutil
import subprocess
import unittest

import harness
from small_runs import SmallRuns


class Ranks(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        result = cls.train("done", {"train.epochs": 1})
        assert result.returncode == 0, result.stderr

    def folder_of_rank_1(self, **replaced):
        """A folder that rank 1 works in: the files of rank 0, some replaced by others of these."""
        folder = self.path / "rank_1"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in ("small.toml", "train.json", "valid.json", "done"):
            source = self.path / replaced.get(name.split(".")[0], name)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
        return folder

    def run_apart(self, words, folder=None, words_of_rank_1=None):
        """Two ranks, the second in another folder or of other words."""
        if harness.MPIEXEC is None:
            raise unittest.SkipTest("no MPIEXEC given")
        ranks = [[harness.MPIEXEC], [":"]]
        for rank, own, where in ((0, words, self.path), (1, words_of_rank_1 or words, folder)):
            ranks[rank] += ["-n", "1", "-wdir", where or self.path, harness.PROGRAM, *own]
        return subprocess.run([*map(str, ranks[0] + ranks[1])], capture_output=True, text=True,
                              timeout=60)

    def assert_differ(self, result, code, *parts):
        self.assert_fails(result, code, "rank 1 (", "is not that of rank 0 (", *parts)

    def test_commands_that_differ(self):
        train = self.train_arguments("apart", {"train.epochs": 1})
        for words in (self.train_arguments("apart", {"train.epochs": 2}),
                      [*train, "--data.train", "valid.json"], ["train", "small.toml"],
                      ["evaluate", "done", "valid.json"]):
            self.assert_differ(self.run_apart(train, words_of_rank_1=words), 2, "command line")
        self.assertFalse((self.path / "apart").exists())

    def test_files_that_differ(self):
        text = (self.path / "small.toml").read_text()
        (self.path / "other.toml").write_text(text.replace("epochs = 4", "epochs = 5"))
        result = self.train("other", {"train.epochs": 1, "train.seed": 3})
        self.assert_succeeds(result)
        train = self.train_arguments(self.path / "apart", {})
        evaluate = ["evaluate", "done", "valid.json"]
        probe = ["probe", "done", "--data", "valid.json", "--output", "probe.h5"]
        theory = ["theory", "construct", "theory.h5", "--data", "valid.json"]
        for words, replaced, code, parts in (
                (train, {"small": "other.toml"}, 2, ("'epochs = 5', not 'epochs = 4'",)),
                (["bench", "small.toml"], {"small": "other.toml"}, 2, ("'epochs = 5'",)),
                (train, {"train": "valid.json"}, 3, ("data.train",)),
                (train, {"valid": "train.json"}, 3, ("data.valid",)),
                (evaluate, {"valid": "train.json"}, 3, ("DATA",)),
                (probe, {"valid": "train.json"}, 3, ("--data",)),
                (theory, {"valid": "train.json"}, 3, ("data of rank 1",)),
                (evaluate, {"done": "other"}, 4, ("the checkpoint",)),
                (probe, {"done": "other"}, 4, ())):
            with self.subTest(words=words, replaced=replaced):
                result = self.run_apart(words, self.folder_of_rank_1(**replaced))
                if parts:
                    self.assert_differ(result, code, *parts)
                else:  # skipped, and then there is none
                    self.assert_fails(result, code, "none of the checkpoints")

    def test_the_same_files_in_two_places_will_do(self):
        result = self.run_apart(["evaluate", "done", "valid.json"], self.folder_of_rank_1())
        self.assert_succeeds(result, "20 problems")


if __name__ == "__main__":
    harness.main()
