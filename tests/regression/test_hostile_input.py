"""Links, pipes, devices, numbers and names that no one writes on purpose. Usage: see harness.py."""

import json
import os
import subprocess

import h5py
import numpy as np
import xxhash

import harness
from small_runs import SmallRuns

PRECIOUS = "precious"


class HostileInput(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        result = cls.train("done", {"train.epochs": 1})
        assert result.returncode == 0, result.stderr

    def checkpoint(self, directory="done"):
        return next((self.path / directory).glob("checkpoint_*.h5"))

    # --- Files that are created -------------------------------------------------------------------

    def test_no_link_is_followed_where_a_name_can_be_foreseen(self):
        target = self.path / PRECIOUS
        target.write_text(PRECIOUS)
        directory = self.path / "linked"
        directory.mkdir()
        for name in ("run.h5.tmp", f"{self.checkpoint().name}.tmp", "best.h5.tmp"):
            (directory / name).symlink_to(target)
        self.assert_succeeds(self.train("linked", {"train.epochs": 1}))
        self.assertEqual(self.outcome("linked"), self.outcome("done"))
        (self.path / "probe.h5.tmp").symlink_to(target)
        self.assert_succeeds(self.run_program("probe", "linked", "--data", "valid.json", "--output",
                                              "probe.h5"))
        (self.path / "locked").mkdir()
        (self.path / "locked" / "lock").symlink_to(target)
        self.assert_fails(self.train("locked", {"train.epochs": 1}), 5, "symbolic link")
        self.assertEqual(target.read_text(), PRECIOUS)
        self.assertFalse((directory / "run.h5").is_symlink())

    # --- Files that are read ----------------------------------------------------------------------

    def test_only_regular_files_are_read(self):
        os.mkfifo(self.path / "pipe")
        (self.path / "link").symlink_to("pipe")
        commands = (
            (("validate",), 2), (("train",), 2), (("sweep", "plan"), 2), (("inspect",), 5),
            (("evaluate", self.checkpoint()), 3), (("probe", self.checkpoint(), "--output", "unread.h5", "--data"), 3),
            (("train", "small.toml", "--output.directory", "unread", "--data.train"), 3),
            (("train", "small.toml", "--output.directory", "unread", "--resume"), 4),
            (("diff", self.checkpoint()), 5))
        for file, what in (("pipe", "a pipe"), ("link", "a pipe"), ("/dev/zero", "a device")):
            for command, code in commands:
                with self.subTest(command=command, file=file):
                    self.assert_fails(self.run_program(*command, file), code, f"it is {what}")

    def test_a_pipe_among_checkpoints_is_passed_over(self):
        self.assert_succeeds(self.train("piped", {"train.epochs": 1}))
        os.mkfifo(self.path / "piped" / "checkpoint_000000099.h5")
        result = self.train("piped", {"train.epochs": 1})
        self.assert_succeeds(result, "is complete")
        self.assertIn("it is a pipe", result.stderr)
        (self.path / "piped" / "run.h5").unlink()
        os.mkfifo(self.path / "piped" / "run.h5")
        result = self.train("piped", {"train.epochs": 1})
        self.assert_succeeds(result)
        self.assertIn("kept as piped/run.h5.damaged", result.stderr)

    def test_pipes_in_the_folder_of_a_sweep_do_not_stop_it(self):
        (self.path / "sweep.toml").write_text('[sweep]\nbase = "small.toml"\nseeds = 1\n')
        self.assert_succeeds(self.run_program("sweep", "plan", "sweep.toml"))
        folder = self.path / "runs" / "sweeps" / "sweep"
        point, = (folder / "points").iterdir()
        for path in (point / "state", folder / "lock", folder / "submissions" / "0001.points"):
            os.mkfifo(path)
        self.assert_succeeds(self.run_program("sweep", "status", "sweep.toml"), "1 planned")
        (point / "job.sh").unlink()
        os.mkfifo(point / "job.sh")
        self.assert_fails(self.run_program("sweep", "plan", "sweep.toml"), 2, "is not what")

    # --- Checkpoints whose seal is right ----------------------------------------------------------

    def sealed(self, name, change):
        """A copy of a checkpoint with a change, and a seal over it. The whole file is another's, but
        for what it points to."""
        path = self.path / name
        contents = self.checkpoint().read_bytes()
        path.write_bytes(contents[:contents.rfind(b"superpose seal ")])
        with h5py.File(path, "r+") as file:
            change(file)
        contents = path.read_bytes()
        words = f"superpose seal 1 bytes={len(contents)} step=1 score=nan ".encode()
        line = words + b"xxh3_64=" + xxhash.xxh3_64_hexdigest(contents + words).encode()
        path.write_bytes(contents + line.ljust(127) + b"\n")
        return path

    def assert_unusable(self, name, change, *parts):
        path = self.sealed(name, change)
        evaluate = ("evaluate", path, "valid.json")
        probe = ("probe", path, "--data", "valid.json", "--output", "unread.h5")
        branch = ("train", "small.toml", "--output.directory", "branch", "--resume", path)
        for words in (("inspect", path), evaluate, probe, branch):
            with self.subTest(change=name, words=words):
                self.assert_fails(self.run_program(*words), 4, *parts)

    def test_what_a_seal_does_not_cover_is_refused(self):
        weight = "parameters/ln_f.weight"
        other = self.path / "other.h5"
        other.write_bytes(self.checkpoint().read_bytes())

        def replace(make):
            def change(file):
                values, attributes = file[weight][()], dict(file[weight].attrs)
                del file[weight]
                make(file, values)
                if isinstance(file.get(weight, getlink=True), h5py.HardLink):
                    file[weight].attrs["xxh3_64"] = attributes["xxh3_64"]
            return change

        def external_link(file, values):
            file[weight] = h5py.ExternalLink("other.h5", weight)

        def external_storage(file, values):
            values.tofile(self.path / "values.raw")
            file.create_dataset(weight, values.shape, values.dtype,
                                external=[(str(self.path / "values.raw"), 0, values.nbytes)])

        def virtual(file, values):
            layout = h5py.VirtualLayout(values.shape, values.dtype)
            layout[:] = h5py.VirtualSource(str(other), weight, values.shape)
            file.create_virtual_dataset(weight, layout)

        for make in (external_link, external_storage, virtual):
            self.assert_unusable(f"{make.__name__}.h5", replace(make), weight,
                                 "" if make is external_link else "other files")

    def test_what_no_training_leaves_is_refused(self):
        def set_weights(file):
            values = file["parameters/wte.weight"]
            values[...] = float("nan")
            values.attrs["xxh3_64"] = np.uint64(xxhash.xxh3_64_intdigest(values[()].tobytes()))

        def set_counter(group, name, value):
            return lambda file: file[group].attrs.__setitem__(name, np.int64(value))

        self.assert_unusable("nan.h5", set_weights, "parameters/wte.weight", "not finite")
        for name, group, counter, value in (("step.h5", "/", "step", -5),
                                            ("epoch.h5", "counters", "epoch", 2**63 - 1),
                                            ("stage.h5", "counters", "stage", -1)):
            self.assert_unusable(name, set_counter(group, counter, value), counter, str(value))

    # --- Numbers ----------------------------------------------------------------------------------

    def test_numbers_that_are_none_are_refused(self):
        checkpoint = self.checkpoint()
        for number in ("nan", "NaN", "-nan", "inf", "1e999", "-1", "x"):
            self.assert_fails(self.run_program("diff", checkpoint, checkpoint,
                                               f"--tolerance={number}"), 2, "tolerance")
            (self.path / "numbers.toml").write_text('[sweep]\nbase = "small.toml"\nseeds = 1\n')
            self.assert_fails(self.run_program("sweep", "plan", "numbers.toml", "--dry_run",
                                               f"--seconds_per_epoch={number}"), 2,
                              "seconds-per-epoch")
        self.assert_succeeds(self.run_program("diff", checkpoint, checkpoint, "--tolerance", "1e-3"))

    def test_settings_whose_products_overflow_are_refused_at_once(self):
        most = 2**31 - 1
        for settings in ({"train.leaves": most, "train.batch_size": most},
                         {"train.batch_size": most}, {"method.c_thought": most},
                         {"model.vocab_size": most}, {"model.n_embd": most - 1}):
            self.assert_fails(self.train("overflow", settings), 2, "is out of range")
        (self.path / "ranks.toml").write_text(
            '[sweep]\nbase = "small.toml"\n[resources]\nnodes = 65536\nranks_per_node = 65536\n')
        self.assert_fails(self.run_program("sweep", "plan", "ranks.toml"), 2, "too many ranks")
        self.assert_fails(self.run_program("bench", "small.toml", "--scaling", "weak",
                                           "--train.batch_size", 2**24 + 1), 2, "is out of range")

    # --- Names and text ---------------------------------------------------------------------------

    def test_a_path_of_any_bytes_goes_through_every_file(self):
        name = os.fsdecode(b"caf\xe9")
        for file, copy in (("small.toml", f"{name}.toml"), (self.checkpoint(), f"{name}.h5"),
                           ("valid.json", f"{name}.json")):
            (self.path / copy).write_bytes((self.path / file).read_bytes())
        for _ in range(2):  # the second finds that of the first
            self.assert_succeeds(self.program_in_bytes("evaluate", f"{name}.h5", f"{name}.json",
                                                       "--json", f"{name}.out"))
        evaluation = json.loads((self.path / f"{name}.out").read_text(encoding="utf-8"))
        self.assertEqual(evaluation["checkpoint"], "caf\ufffd.h5")
        self.assert_succeeds(self.program_in_bytes("train", f"{name}.toml", "--train.epochs", 1,
                                                   "--output.directory", "bytes"))
        with h5py.File(self.checkpoint("bytes")) as file:
            self.assertIn("train caf\ufffd.toml --train.epochs 1", file.attrs["command_line"])
        result = self.program_in_bytes("inspect", f"{name}.h5", "--json")
        self.assert_succeeds(result)
        self.assertEqual(json.loads(result.stdout)["file"], "caf\ufffd.h5")
        (self.path / f"{name}.sweep").write_text('[sweep]\nbase = "small.toml"\nseeds = 1\n')
        result = self.program_in_bytes("sweep", "plan", f"{name}.sweep")
        self.assert_fails(result, 2, "not UTF-8")

    def program_in_bytes(self, *arguments):
        """Arguments and output may hold any bytes."""
        return subprocess.run(harness.command(*arguments), cwd=self.path, capture_output=True,
                              text=True, errors="surrogateescape", timeout=120)

    def test_a_key_that_is_there_twice_is_refused(self):
        text = (self.path / "valid.json").read_text()
        for place, twice, key in (('"root":', '"root": 99, "root":', "root"),
                                  ('"neighbor_k": {', '"neighbor_k": {"0": [], ', "0")):
            self.assertIn(place, text)
            (self.path / "twice.json").write_text(twice.join(text.split(place, 1)))
            self.assert_fails(self.run_program("inspect", "twice.json"), 3, "problem 0",
                              f"key {key} is there twice")

    def test_a_byte_order_mark_is_read_by_all(self):
        (self.path / "mark.json").write_bytes(b"\xef\xbb\xbf" +
                                              (self.path / "valid.json").read_bytes())
        self.assert_succeeds(self.run_program("inspect", "mark.json"), "20")
        self.assert_succeeds(self.run_program("evaluate", self.checkpoint(), "mark.json"))

    # --- Long paths -------------------------------------------------------------------------------

    def test_a_path_of_300_characters_is_as_good_as_another(self):
        directory = self.path / "/".join(["d" * 100] * 3)
        for ranks in (None, 2):
            self.assert_succeeds(self.train(directory / f"{ranks}", {"train.epochs": 1}, ranks))
            self.assertEqual(self.outcome(directory / f"{ranks}"), self.outcome("done"))
        self.assert_succeeds(self.run_program("probe", directory / "None", "--data", "valid.json",
                                              "--output", directory / "probe.h5"))

    def test_what_a_checkpoint_needs_is_tried_before_the_first_step(self):
        # The way to open files that the library is told to leave out cannot open this one.
        directory = self.path / "/".join(["e" * 100] * 3)
        command = harness.command(*self.train_arguments(directory, {"train.epochs": 1}))
        result = subprocess.run(command, cwd=self.path, capture_output=True, text=True, timeout=120,
                                env={**os.environ, "OMPI_MCA_sharedfp": "lockedfile"})
        if result.returncode == 0:
            self.skipTest("this MPI library takes long paths")
        self.assertNotIn("epoch", result.stdout)


if __name__ == "__main__":
    harness.main()
