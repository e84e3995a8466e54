"""What `superpose train` refuses or gives up, with which exit code and words. Usage: see
harness.py."""

import shutil
import unittest.mock

import harness
from small_runs import SmallRuns, column, counters, damage


class ProblemFiles(SmallRuns):
    def assert_data_error(self, name, *parts, **settings):
        result = self.train("data", {"data.train": name, **settings})
        self.assert_fails(result, 3, *parts)
        self.assertFalse((self.path / "data").exists(), "refused before anything is written")

    def test_a_missing_file_is_refused(self):
        self.assert_data_error("none.json", "cannot open none.json", "No such file or directory")
        self.assert_fails(self.train("data", {"data.valid": "none.json"}), 3, "none.json")

    def test_text_that_is_not_json_is_refused(self):
        text = (self.path / "train.json").read_text()
        (self.path / "cut.json").write_text(text[:len(text) // 2])
        self.assert_data_error("cut.json", "cut.json is not valid JSON (at byte")

    def test_an_empty_list_is_refused(self):
        self.assert_data_error(self.write_json("empty.json", []), "empty.json holds no problem")

    def test_a_bad_record_is_refused_with_its_index_and_the_reason(self):
        records = self.read_json("train.json")
        records[2]["neg_target"] = records[2]["target"]
        self.assert_data_error(self.write_json("bad.json", records), "bad.json: problem 2 ",
                               "neg_target")
        del records[1]["root"]
        self.assert_data_error(self.write_json("bad.json", records), "problem 1 ",
                               "key root is missing")

    def test_more_nodes_than_tokens_are_refused(self):
        self.generate("large.json", count=8, n_nodes=60, min_hops=3, max_hops=5)
        self.assert_data_error("large.json", "vocab_size")

    def test_sequences_longer_than_the_model_reads_are_refused(self):
        self.assert_data_error("train.json", "model.n_positions = 40",
                               **{"model.n_positions": 40})


class Directories(SmallRuns):
    """A run directory with two checkpoints, and those that cannot be one."""

    @classmethod
    def settle_in(cls):
        super().settle_in()
        cls.settings = {"train.epochs": 2, "output.checkpoint_every": 1}
        result = cls.train("run", cls.settings)
        assert result.returncode == 0, result.stderr

    def test_a_directory_that_cannot_be_made_is_refused(self):
        (self.path / "file").write_text("")
        self.assert_fails(self.train("file/run"), 5, "cannot create the run directory file/run")

    def test_a_directory_that_cannot_be_written_to_is_refused_before_the_first_step(self):
        result = self.train("/proc")  # not even root can make a file there
        self.assert_fails(result, 5, "/proc/")
        self.assertNotIn("step ", result.stdout)

    def test_another_configuration_is_refused_with_the_key(self):
        for key, value, stored in (("optimizer.learning_rate", 0.5, "0.003"),
                                   ("model.n_embd", 64, "32"), ("model.n_layer", 3, "2"),
                                   ("method.name", "pause", '"coconut"'),
                                   ("train.batch_size", 20, "19")):
            with self.subTest(key=key):
                result = self.train("run", {**self.settings, key: value})
                self.assert_fails(result, 2, f"{key} is ", f"has {stored} ")
                self.assertNotIn("damaged", result.stderr)

    def test_other_training_data_are_refused(self):
        result = self.train("run", {**self.settings, "data.train": "valid.json"})
        self.assert_fails(result, 2, "data.train")

    def test_other_held_out_data_are_refused(self):
        """Or curves and best.h5 would be of two sets of problems."""
        for valid, now in (("train.json", "hash "), ("", "hash none")):
            result = self.train("run", {**self.settings, "data.valid": valid})
            self.assert_fails(result, 2, "data.valid holds other problems", now)
        shutil.copy(self.path / "valid.json", self.path / "moved.json")
        self.assert_succeeds(self.train("run", {**self.settings, "data.valid": "moved.json"}),
                             "is complete")

    def test_a_new_run_among_checkpoints_is_refused(self):
        result = self.train("run", self.settings, resume="never")
        self.assert_fails(result, 2, "run holds checkpoints", "--resume auto")

    def test_a_branch_among_another_runs_checkpoints_is_refused(self):
        settings = {**self.settings, "train.seed": 77}
        result = self.train("run", settings, resume="run/checkpoint_000000003.h5")
        self.assert_fails(result, 2, "train.seed is 77 but the run in this directory has")

    def test_never_is_for_directories_without_checkpoints(self):
        self.assert_succeeds(self.train("fresh", {"train.epochs": 1}, resume="never"))

    def test_a_checkpoint_that_cannot_be_read_is_refused(self):
        (self.path / "damaged.h5").write_bytes(self.checkpoints("run")[0].read_bytes())
        damage(self.path / "damaged.h5")
        for path, part in (("none.h5", "none.h5"), ("train.json", "train.json"),
                           ("run/run.h5", "is not a superpose_checkpoint"),
                           ("damaged.h5", "damaged (its seal does not match")):
            with self.subTest(path=path):
                self.assert_fails(self.train("new", self.settings, resume=path), 4, part)

    def test_nothing_is_trained_when_all_checkpoints_are_damaged(self):
        self.assert_succeeds(self.train("all_damaged", self.settings))
        for path in self.checkpoints("all_damaged"):
            damage(path)
        result = self.train("all_damaged", self.settings)
        self.assert_fails(result, 4, "no usable checkpoint in all_damaged",
                          *(path.name for path in self.checkpoints("all_damaged")))


class Limits(SmallRuns):
    def test_more_ranks_than_leaves_are_refused(self):
        result = self.train("ranks", {"train.leaves": 2}, ranks=3)
        self.assert_fails(result, 2, "train.leaves = 2 is less than the 3 ranks")
        self.assertFalse((self.path / "ranks").exists())

    def test_divergence_names_the_step_and_leaves_the_checkpoints(self):
        """A weight decay that multiplies the weights by -99 in every step."""
        settings = {"optimizer.learning_rate": 1, "optimizer.weight_decay": 100,
                    "optimizer.warmup_steps": 0, "optimizer.schedule": "constant",
                    "train.epochs": 20, "output.checkpoint_every": 1}
        messages = []
        for _ in range(2):
            result = self.train("diverged", settings)
            self.assert_fails(result, 6, "the training diverged at step ",
                              "optimizer.learning_rate", "diverged/diverged_step_")
            messages.append(result.stderr.split(";")[0])
        self.assertEqual(messages[0], messages[1], "the resumed run meets the same step")
        newest = self.checkpoints("diverged")[-1]
        self.assertGreaterEqual(counters(newest)["epoch"], 1)
        self.assert_succeeds(self.run_program("evaluate", newest, "valid.json"))

    def test_weights_that_are_not_finite_end_the_step_that_made_them(self):
        """The loss before it does not warn of it."""
        settings = {"optimizer.learning_rate": 1e39, "optimizer.warmup_steps": 0,
                    "train.batch_size": 40, "train.epochs": 1}
        kept = "infinite/diverged_step_000000001.json"
        self.assert_fails(self.train("infinite", settings), 6, "at step 1 ", "weight", kept)
        self.assertEqual(self.checkpoints("infinite"), [])
        self.assertEqual(len(column(self.path / "infinite/run.h5", "steps", "loss")), 0)
        self.assertEqual(len(self.read_json(kept)), 40)
        self.assert_succeeds(self.train("finite", {"data.train": kept, "train.epochs": 1}))

    def test_a_fault_for_tests_that_is_malformed_is_refused(self):
        with unittest.mock.patch.dict("os.environ", SUPERPOSE_FAULT="kill:data"):
            self.assert_fails(self.train("fault"), 2, "SUPERPOSE_FAULT = kill:data has not four")


if __name__ == "__main__":
    harness.main()
