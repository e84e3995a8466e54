"""Two jobs on one run directory, and one that was killed. Usage: see scenario.py."""

import scenario

SETTINGS = {"train.epochs": 200, "output.checkpoint_every": 1, "optimizer.schedule": "constant"}


class Lock(scenario.Scenario):
    asked = "a second job on a run directory is refused; a killed one's directory is taken over"

    def trials(self):
        for i in range(self.count(full=20, short=1)):
            yield f"jobs of {1 + i % 2} ranks", lambda i=i: self.trial(f"run{i}", 1 + i % 2)

    def trial(self, directory, ranks):
        first = self.start(directory, SETTINGS, ranks=ranks)
        try:
            scenario.wait_until(lambda: self.checkpoints(directory))
            second = self.run_job(directory, SETTINGS, ranks=2)
            self.assert_fails(second, 2, f"{directory} is in use (process ", "choose another")
            self.assertIsNone(first.process.poll(), "the first goes on")
        finally:
            first.kill(first.ranks())
            first.finish()
        self.assertTrue((self.path / directory / "lock").exists())
        third = self.run_job(directory, SETTINGS, fault="term:optimizer:all:400")
        self.assertIn("taken over from a job that has ended", third.stderr)
        self.assertNotIn("is in use", third.stderr)
        self.assertFalse((self.path / directory / "lock").exists())


if __name__ == "__main__":
    scenario.main(Lock)
