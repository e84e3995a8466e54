"""Bits of checkpoints, histories and problem files flip, and checkpoints are cut off. Usage: see
scenario.py."""

import shutil

import scenario
from damaged_files import cut_off, flip_a_bit

SETTINGS = {"train.epochs": 3, "output.checkpoint_every": 1}


class Damage(scenario.Scenario):
    asked = "flipped bits and cut-off files: named, never used, the file before it serves"

    def trials(self):
        self.expected = self.undisturbed(SETTINGS)
        for what, trial, full, short in (
                ("checkpoint", lambda i: self.checkpoint(i, flip_a_bit), 500, 6),
                ("cut checkpoint", lambda i: self.checkpoint(i, cut_off), 100, 3),
                ("histories", self.histories, 250, 3), ("problems", self.problems, 250, 3)):
            for i in range(self.count(full=full, short=short)):
                yield f"{what} {i}", lambda i=i, trial=trial: trial(i)

    def copy(self, i):
        """A copy of the run."""
        directory = self.path / f"run{i}"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(self.path / "undisturbed", directory, symlinks=True)
        return directory

    def unfinished(self, i):
        """A copy of the run as if it had been killed before its last checkpoint."""
        directory = self.copy(i)
        self.checkpoints(directory.name)[-1].unlink()
        return directory

    def checkpoint(self, i, damage):
        """The newest one is damaged; the one before it ends in the same bits."""
        directory = self.copy(i)
        newest = self.checkpoints(directory.name)[-1]
        place = damage(newest)
        inspected = self.run_program("inspect", newest)
        self.assertIn(inspected.returncode, (4, 5), place + inspected.stderr)
        result = self.run_job(directory.name, SETTINGS)
        self.assert_succeeds(result)
        self.assertIn(newest.name, result.stderr, place)
        self.assertEqual(self.outcome(directory.name), self.expected, place)

    def histories(self, i):
        """run.h5 is set aside; the run itself ends in the same bits."""
        directory = self.unfinished(i)
        place = flip_a_bit(directory / "run.h5")
        self.assertEqual(self.run_program("inspect", directory / "run.h5").returncode, 5, place)
        result = self.run_job(directory.name, SETTINGS)
        self.assert_succeeds(result)
        self.assertIn("run.h5.damaged", result.stderr, place)
        of_checkpoint = {name: value for name, value in self.outcome(directory.name).items()
                         if not name.startswith("history")}
        self.assertEqual(of_checkpoint, {name: self.expected[name] for name in of_checkpoint}, place)

    def problems(self, i):
        """A run does not go on with other problems than it began with."""
        directory = self.unfinished(i)
        shutil.copy(self.path / "train.json", self.path / "flipped.json")
        place = flip_a_bit(self.path / "flipped.json")
        result = self.run_job(directory.name, {**SETTINGS, "data.train": "flipped.json"})
        self.assertIn(result.returncode, (2, 3), place + result.stderr)
        self.assertIn("superpose: error", result.stderr)


if __name__ == "__main__":
    scenario.main(Damage)
