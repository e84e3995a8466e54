"""Runs that are stopped, killed or lose a checkpoint end in the bits of an undisturbed run.
Usage: see harness.py."""

import fcntl
import pathlib
import shutil
import signal
import subprocess
import sys

import h5py
import numpy as np

import harness
from small_runs import SmallRuns, column, counters, damage, datasets, fingerprint

TESTS = pathlib.Path(__file__).resolve().parents[1]
DATA = TESTS / "data"
sys.path.append(str(TESTS / "faults"))
from damaged_files import edit_and_seal  # noqa: E402

EPOCHS, STEPS_PER_EPOCH = 3, 60
IN_SECOND_EPOCH = f"step {STEPS_PER_EPOCH + 2:>6}/"  # what such a run prints
SETTINGS = {"train.epochs": EPOCHS, "train.batch_size": 8, "train.accumulation": 1,
            "output.checkpoint_every": 1}


def fingerprints(checkpoint):
    with h5py.File(checkpoint) as file:
        return {dataset.name: fingerprint(dataset) for dataset in datasets(file)}


class Interrupted(SmallRuns):
    """An undisturbed run, and what interrupts others."""

    settings = SETTINGS

    @classmethod
    def settle_in(cls):
        super().settle_in()
        cls.generate("train.json", count=8 * STEPS_PER_EPOCH, seed=1)
        result = cls.train("undisturbed", cls.settings)
        assert result.returncode == 0, result.stderr

    def assert_ends_undisturbed(self, directory, ranks=None, warning=None):
        """The same command again ends as the run that was left alone; returns its output."""
        result = self.train(directory, self.settings, ranks)
        self.assert_succeeds(result)
        if warning is None:  # but for lines of the MPI library, which begin with [host:pid]
            own = [line for line in result.stderr.splitlines() if not line.startswith("[")]
            self.assertNotIn("checkpoint", "\n".join(own))
        else:
            self.assertIn(warning, result.stderr)
        self.assertEqual(self.outcome(directory), self.outcome("undisturbed"))
        return result.stdout

    def send(self, number, directory, after, ranks=None):
        """Starts a run and sends it a signal once it has printed `after`. Its output goes through a
        pipe of one page: without mpiexec between, it is at most 40 lines ahead of the reader."""
        arguments = self.train_arguments(directory, self.settings)
        with subprocess.Popen(harness.command(*arguments, ranks=ranks), cwd=self.path, bufsize=0,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
            for line in process.stdout:
                if after.encode() in line:
                    break
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
        return process.returncode, errors.decode()

    def assert_stopped_inside_epoch(self, stopped, directory, epoch):
        code, errors = stopped
        self.assertEqual(code, 75, errors)
        self.assertIn("run the same command to go on", errors)
        state = counters(self.checkpoints(directory)[-1])
        self.assertEqual((state["epoch"], state["stage"]), (epoch, epoch))
        self.assertGreater(state["step_in_epoch"], 0)
        self.assertLess(state["step_in_epoch"], STEPS_PER_EPOCH)
        self.assertEqual(state["optimizer_steps"], state["step_in_epoch"],
                         "reset when the stage began")


class MixedPrecision(Interrupted):
    settings = {**SETTINGS, "model.precision": "bf16"}

    def test_a_stopped_run_goes_on_with_another_number_of_ranks(self):
        stopped = self.send(signal.SIGUSR1, "usr1", after=IN_SECOND_EPOCH)
        self.assert_stopped_inside_epoch(stopped, "usr1", epoch=1)
        self.assert_ends_undisturbed("usr1", ranks=3)


class StopConditions(Interrupted):
    def test_max_time_stops_with_a_checkpoint_and_the_same_command_goes_on(self):
        """Without an end of its own: so many epochs would take days."""
        endless = {**self.settings, "train.epochs": 10**6, "optimizer.schedule": "constant"}
        arguments = self.train_arguments("time", endless)
        result = self.run_program(*arguments, "--max_time", "0:03", ranks=2)
        self.assertEqual(result.returncode, 75, result.stderr)
        self.assertIn("stopped by --max-time at step ", result.stderr)
        first = counters(self.checkpoints("time")[-1])
        again = self.run_program(*arguments, "--max_time=0:03", ranks=1)
        self.assertEqual(again.returncode, 75, again.stderr)
        self.assertIn("resumed at step", again.stdout)
        self.assertGreater(counters(self.checkpoints("time")[-1])["epoch"], first["epoch"])

    def test_a_duration_of_another_form_is_refused(self):
        for text in ("1h", "0", "-5", ""):
            result = self.run_program(*self.train_arguments("none", self.settings),
                                      f"--max_time={text}")
            self.assert_fails(result, 2, "--max-time", "HH:MM:SS")

    def test_a_file_stops_the_run_and_is_removed(self):
        (self.path / "file").mkdir()
        (self.path / "file" / "stop").touch()
        result = self.train("file", self.settings, ranks=2)
        self.assertEqual(result.returncode, 75, result.stderr)
        self.assertIn("stopped by the file file/stop at step 1 ", result.stderr)
        self.assertFalse((self.path / "file" / "stop").exists())
        self.assert_ends_undisturbed("file")


class Lock(Interrupted):
    """Two jobs on one run directory."""

    def test_a_second_job_is_refused_and_the_next_takes_over_from_a_killed_one(self):
        arguments = self.train_arguments("shared", self.settings)
        with subprocess.Popen(harness.command(*arguments), cwd=self.path, bufsize=0,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as first:
            fcntl.fcntl(first.stdout, fcntl.F_SETPIPE_SZ, 4096)
            first.stdout.readline(), first.stdout.readline()
            for line in first.stdout:
                if b"step " in line:
                    break
            second = self.train("shared", self.settings, ranks=2)
            self.assert_fails(second, 2, "shared is in use (process ", f"{first.pid} on ",
                              "remove shared/lock")
            first.kill()
            first.communicate(timeout=60)
        self.assertTrue((self.path / "shared" / "lock").exists())
        third = self.train("shared", self.settings)
        self.assert_succeeds(third)
        self.assertIn("taken over from a job that has ended", third.stderr)
        self.assertEqual(self.outcome("shared"), self.outcome("undisturbed"))
        self.assertFalse((self.path / "shared" / "lock").exists())


class BestCheckpoint(Interrupted):
    def test_the_best_is_kept_and_evaluates_as_it_did(self):
        settings = {**self.settings, "output.keep": 1}
        self.assert_succeeds(self.train("best", settings))
        accuracies = list(column(self.path / "best" / "run.h5", "evaluation", "accuracy"))
        epoch = max(range(EPOCHS), key=lambda i: (accuracies[i], i))
        best = self.path / "best" / "best.h5"
        self.assertEqual(counters(best)["epoch"], epoch + 1)
        self.assertLessEqual(len(self.checkpoints("best")), 2)
        self.assert_succeeds(self.run_program("evaluate", best, "valid.json"),
                             f"{100 * accuracies[epoch]:.2f} %")


    def test_the_best_is_that_of_every_evaluated_epoch(self):
        """Not only of those saved anyway, and of a run in one go or in two."""
        settings = {"optimizer.schedule": "constant", "output.checkpoint_every": 100,
                    "output.keep": 1, "train.epochs": 12, "train.batch_size": 19}
        self.assert_succeeds(self.train("at_once", settings))
        for epochs in (5, 12):
            self.assert_succeeds(self.train("in_two", {**settings, "train.epochs": epochs}))
        accuracies = list(column(self.path / "at_once" / "run.h5", "evaluation", "accuracy"))
        best, last = max(accuracies), len(accuracies) - 1
        epoch = last if accuracies[last] == best else accuracies.index(best)
        self.assertNotEqual(epoch, last, "the last epoch is saved anyway: choose another seed")
        for directory in ("at_once", "in_two"):
            self.assertEqual(counters(self.path / directory / "best.h5")["epoch"], epoch + 1)
            self.assertEqual([counters(path)["epoch"] for path in self.checkpoints(directory)],
                             [epoch + 1, last + 1])
            self.assert_succeeds(
                self.run_program("evaluate", self.path / directory / "best.h5", "valid.json"),
                f"{100 * best:.2f} %")


class OlderRuns(SmallRuns):
    """Files of programs before this one."""

    def begin(self, directory, fixture):
        """A run directory of a stored checkpoint, and its configuration as a file."""
        (self.path / directory).mkdir()
        shutil.copy(DATA / fixture, self.path / directory / "checkpoint_000000008.h5")
        with h5py.File(DATA / fixture) as file:
            (self.path / f"{directory}.toml").write_text(file.attrs["configuration"])
        return f"{directory}.toml", "--data.train=train.json", "--data.valid=valid.json"

    def test_cot_and_no_cot_of_other_sequences_are_evaluated_and_not_resumed(self):
        for method in ("cot", "no_cot"):
            directory = f"older_{method}"
            arguments = self.begin(directory, f"{method}_sequences_1.h5")
            result = self.run_program("train", *arguments, f"--output.directory={directory}",
                                      "--train.epochs=2")
            self.assert_fails(result, 2, f"method {method} is now at version 2",
                              "its sequence_version is 1", "can still be evaluated")
            result = self.run_program("evaluate", directory, "valid.json", "--json", f"{directory}.json")
            self.assert_succeeds(result, f"trained by version 1 of the sequences of {method}")
            report = self.read_json(f"{directory}.json")
            self.assertEqual(report["sequence_version"], 1)
        self.assertIn("here [A] is given", result.stdout)
        self.assertIsNotNone(report["results"][0]["loss"], "no_cot is asked at its [A]")

    def test_a_run_of_the_format_before_goes_on(self):
        """Its checkpoint and its histories are read, and the next ones are of this format."""
        arguments = self.begin("version_2", "checkpoint_version_2.h5")
        directory = self.path / "version_2"
        (directory / "checkpoint_000000008.h5").rename(directory / "checkpoint_000000024.h5")
        shutil.copy(DATA / "run_version_2.h5", directory / "run.h5")
        self.assert_succeeds(self.run_program("train", *arguments,
                                              "--output.directory=version_2", "--train.epochs=9"),
                             "resumed at step 24")
        for path in (directory / "checkpoint_000000027.h5", directory / "run.h5"):
            with h5py.File(path) as file:
                self.assertEqual(file.attrs["format_version"], 3)
        with h5py.File(DATA / "run_version_2.h5") as before, h5py.File(directory / "run.h5") as now:
            old, new = before["evaluation"], now["evaluation"]
            np.testing.assert_array_equal(new["accuracy_equal_depth"][:-1],
                                          old["equal_depth_accuracy"])
            for name in set(old) - {"equal_depth_accuracy", "hop", "hops"}:
                np.testing.assert_array_equal(new[name][:-1], old[name], name)
            self.assertNotIn("equal_depth_accuracy", new)
            self.assertEqual(list(new["n_problems"]), 8 * [0] + [20], "not counted before")
            self.assertTrue(np.isnan(new["loss_equal_depth"][:-1]).all())

    def test_names_of_dimensions_of_the_format_before_are_no_difference(self):
        self.assert_succeeds(self.train("named", {"train.epochs": 1}))
        checkpoint = self.checkpoints("named")[-1]

        def age(file):
            file.attrs["format_version"] = 2
            file.move("n_qkv", "3*n_embd")
        edit_and_seal(checkpoint, self.path / "aged.h5", age, step=3)
        self.assert_succeeds(self.run_program("diff", checkpoint, "aged.h5"))

    def test_a_run_of_now_says_its_version(self):
        for method, version in (("coconut", 1), ("cot", 2), ("no_cot", 2)):
            settings = {"method.name": method, "train.epochs": 1}
            self.assert_succeeds(self.train(f"now_{method}", settings))
            for path in (self.checkpoints(f"now_{method}")[-1],
                         self.path / f"now_{method}" / "run.h5"):
                with h5py.File(path) as file:
                    self.assertEqual(file.attrs["sequence_version"], version)
                    self.assertIn("data_hash_valid", file.attrs)

    def test_a_run_recorded_by_distance_alone_goes_on_with_both_rules(self):
        settings = {"optimizer.schedule": "constant", "record.every": 1}
        self.assert_succeeds(self.train("older", {**settings, "train.epochs": 1}))
        history = self.path / "older" / "run.h5"

        def forget(file):
            for name in [n for n in file["attention"] if "walk" in n or "growth" in n or n == "c"]:
                del file["attention"][name]
        edit_and_seal(history, self.path / "older.h5", forget, step=0)
        shutil.move(self.path / "older.h5", history)
        for directory in ("older", "at_once"):
            self.assert_succeeds(self.train(directory, {**settings, "train.epochs": 2}))
        older, at_once = (column(self.path / directory / "run.h5", "attention",
                                 "growth_difference_walk") for directory in ("older", "at_once"))
        self.assertTrue(np.isnan(older[0]).all())
        np.testing.assert_array_equal(older[1], at_once[1])
        self.assertEqual(fingerprints(self.checkpoints("older")[-1]),
                         fingerprints(self.checkpoints("at_once")[-1]))


class Resume(Interrupted):
    def test_sigusr1_stops_with_a_checkpoint(self):
        stopped = self.send(signal.SIGUSR1, "usr1", after=IN_SECOND_EPOCH)
        self.assert_stopped_inside_epoch(stopped, "usr1", epoch=1)
        self.assertIn("resumed at step", self.assert_ends_undisturbed("usr1"))

    def test_sigterm_stops_and_another_number_of_ranks_goes_on(self):
        stopped = self.send(signal.SIGTERM, "term", after=IN_SECOND_EPOCH)
        self.assert_stopped_inside_epoch(stopped, "term", epoch=1)
        self.assertIn("3 ranks", self.assert_ends_undisturbed("term", ranks=3))

    def test_a_signal_to_mpiexec_stops_all_ranks(self):
        code, errors = self.send(signal.SIGUSR1, "ranks", after="step      2/", ranks=2)
        self.assertEqual(code, 75, errors)
        self.assertGreater(counters(self.checkpoints("ranks")[-1])["step_in_epoch"], 0)
        self.assert_ends_undisturbed("ranks")

    def test_a_killed_run_goes_on_from_its_last_checkpoint(self):
        code, _ = self.send(signal.SIGKILL, "kill", after=IN_SECOND_EPOCH)
        self.assertEqual(code, -signal.SIGKILL)
        self.assertIn("resumed at step 60 ", self.assert_ends_undisturbed("kill"))

    def test_a_run_killed_before_its_first_checkpoint_begins_again(self):
        code, _ = self.send(signal.SIGKILL, "early", after="step      2/")
        self.assertEqual(code, -signal.SIGKILL)
        self.assertNotIn("resumed", self.assert_ends_undisturbed("early"))

    def test_a_complete_run_says_so_and_changes_nothing(self):
        before = self.files("undisturbed")
        self.assert_succeeds(self.train("undisturbed", SETTINGS), "is complete (3 epochs)")
        self.assertEqual(self.files("undisturbed"), before)

    def files(self, directory):
        return {path.name: (path.stat().st_mtime_ns, path.read_bytes())
                for path in (self.path / directory).iterdir()}

    def copy(self, directory):
        """A copy of the undisturbed run, and its checkpoints, which are those of epochs 2 and 3."""
        shutil.copytree(self.path / "undisturbed", self.path / directory)
        return self.checkpoints(directory)

    def test_steps_recorded_after_the_checkpoint_are_done_again(self):
        self.copy("behind")[-1].unlink()
        self.assertIn("resumed at step 120 ", self.assert_ends_undisturbed("behind"))

    def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(self):
        newest = self.copy("damaged")[-1]
        damage(newest, "optimizer/exp_avg/ln_f.bias")
        warning = f"{newest.name} is damaged (its seal does not match"
        self.assertIn("resumed at step 120 ",
                      self.assert_ends_undisturbed("damaged", warning=warning))

    def test_a_truncated_checkpoint_is_named_and_the_one_before_it_used(self):
        newest = self.copy("short")[-1]
        with open(newest, "r+b") as file:
            file.truncate(newest.stat().st_size // 2)
        self.assert_ends_undisturbed("short", warning=newest.name)

    def test_missing_histories_begin_again(self):
        self.copy("no_history")[-1].unlink()
        (self.path / "no_history" / "run.h5").unlink()
        result = self.train("no_history", SETTINGS)
        self.assert_succeeds(result)
        self.assertIn("run.h5 is not there; its histories begin again here", result.stderr)

    def test_a_branch_starts_from_a_checkpoint_with_other_settings(self):
        first = self.checkpoints("undisturbed")[0]
        settings = {**SETTINGS, "optimizer.learning_rate": 1e-3}
        result = self.train("branch", settings, resume=first)
        self.assert_succeeds(result, "branched off at step 120 ")
        self.assertNotEqual(self.outcome("branch"), self.outcome("undisturbed"))
        again = self.train("branch", settings, resume=first)  # as a requeued job would
        self.assert_succeeds(again, "is complete")

    def test_a_branch_with_another_optimizer_begins_with_new_moments(self):
        first = self.checkpoints("undisturbed")[0]
        settings = {**SETTINGS, "optimizer.name": "muon", "curriculum.reset_optimizer": "false"}
        result = self.train("branch_by_muon", settings, resume=first)
        self.assert_succeeds(result, "branched off at step 120 ", "its moments are left out")
        last = self.checkpoints("branch_by_muon")[-1]
        self.assertEqual(counters(last)["optimizer_steps"], int(last.stem.split("_")[1]) - 120)

    def test_a_branch_may_start_from_the_newest_checkpoint_of_a_run_directory(self):
        last = int(self.checkpoints("undisturbed")[-1].stem.split("_")[1])
        result = self.train("from_directory", SETTINGS, resume=self.path / "undisturbed")
        self.assert_succeeds(result, f"branched off at step {last} ", "is complete")

    def test_unreadable_histories_are_kept_and_begin_again(self):
        self.copy("bad_history")[-1].unlink()
        history = self.path / "bad_history" / "run.h5"
        with open(history, "r+b") as file:
            file.truncate(3000)
        result = self.train("bad_history", SETTINGS)
        self.assert_succeeds(result)
        self.assertIn("run.h5.damaged", result.stderr)
        self.assertEqual(history.with_name("run.h5.damaged").stat().st_size, 3000)

    def test_a_longer_run_goes_on_where_a_shorter_one_ended(self):
        constant = {**SETTINGS, "optimizer.schedule": "constant"}
        for directory, epochs in (("longer", 1), ("longer", 2), ("at_once", 2)):
            self.assert_succeeds(self.train(directory, {**constant, "train.epochs": epochs}))
        self.assertEqual(self.outcome("longer"), self.outcome("at_once"))


if __name__ == "__main__":
    harness.main()
