"""A run that is stopped after every single step. Usage: see scenario.py."""

import scenario

KEPT = 2  # checkpoints; output.keep


class Cycles(scenario.Scenario):
    asked = "stopped after every step, 1,000 times (short: 10): no drift, no file left over"

    def trials(self):
        cycles = self.count(full=1000, short=10)
        epochs = -(-cycles // 3)  # of three steps
        self.settings = {"train.epochs": epochs, "curriculum.epochs_per_stage": max(1, epochs // 4),
                         "output.keep": KEPT, "output.checkpoint_every": 2}
        for step in range(1, cycles + 1):
            yield f"stop after step {step}", lambda step=step: self.cycle(step)
        yield "the end", self.end

    def cycle(self, step):
        self.stop_at(step, "run", self.settings)
        self.assert_nothing_left_over(n_checkpoints=min(step, KEPT))

    def assert_nothing_left_over(self, n_checkpoints):
        names = sorted(path.name for path in (self.path / "run").iterdir())
        checkpoints = [path.name for path in self.checkpoints("run")]
        best = ["best.h5"] if "best.h5" in names else []  # which may be one more to keep
        self.assertIn(len(checkpoints) - n_checkpoints, (0, len(best)), names)
        self.assertEqual(names, [*best, *checkpoints, "run.h5"])

    def end(self):
        expected = self.undisturbed(self.settings, within=600)  # of hundreds of epochs
        self.assert_ends_as(expected, "run", self.settings)
        self.assert_nothing_left_over(KEPT)


if __name__ == "__main__":
    scenario.main(Cycles)
