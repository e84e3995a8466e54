"""Somebody reads the files of a run while it goes on. Usage: see scenario.py."""

import h5py

import scenario

SETTINGS = {"train.epochs": 12, "output.checkpoint_every": 1}


class Reader(scenario.Scenario):
    asked = "h5py holds run.h5 and a checkpoint open: the run ends as undisturbed"

    def trials(self):
        self.expected = self.undisturbed(SETTINGS)
        for i in range(self.count(full=20, short=2)):
            ranks = (None, 2, 4)[i % 3]
            yield f"{ranks or 1} ranks, {i}", lambda i=i, ranks=ranks: self.trial(f"run{i}", ranks)

    def trial(self, directory, ranks):
        job = self.start(directory, SETTINGS, ranks=ranks)
        with self.open_newest(directory) as state, \
                h5py.File(self.path / directory / "run.h5") as history:
            weights, steps = state["parameters/wte.weight"][()], history["steps/step"][()]
            self.assertIsNone(job.process.poll(), "the run ended before it was read")
            self.assert_succeeds(job.finish())
            self.assertTrue((weights == state["parameters/wte.weight"][()]).all())
            self.assertTrue((steps == history["steps/step"][()]).all())
        self.assertEqual(self.outcome(directory), self.expected)

    def open_newest(self, directory):
        """The newest checkpoint; the one found may just have been removed."""
        scenario.wait_until(lambda: self.checkpoints(directory))
        while True:
            try:
                return h5py.File(self.checkpoints(directory)[-1])
            except FileNotFoundError:
                pass


if __name__ == "__main__":
    scenario.main(Reader)
