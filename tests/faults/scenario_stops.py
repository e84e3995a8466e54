"""Stop requests at random steps, for everything that a run may carry from step to step. Usage: see
scenario.py."""

import random

import scenario

METHODS = ("coconut", "coconut_bfs_sample", "coconut_bfs_loss", "cot", "no_cot", "pause")
RECORDING = {"record.every": 1, "record.problems": 4}
VARIANTS = {
    **{method: {"method.name": method} for method in METHODS},
    "one pass": {"train.accumulation": 1},
    "no clipping": {"optimizer.clip_norm": 0},
    "constant schedule": {"optimizer.schedule": "constant"},
    "moments kept": {"curriculum.reset_optimizer": False},
    "stages that settle": {"curriculum.stage_end": "settled", "curriculum.first_stage_epochs": 3,
                           "curriculum.settle_threshold": 10},
    "recording": RECORDING,
    "all": {"method.name": "coconut_bfs_loss", "train.accumulation": 1, "optimizer.clip_norm": 0,
            "optimizer.schedule": "constant", **RECORDING},
}
N_STEPS, BOUNDARIES = 12, (3, 6, 9, 12)


class Stops(scenario.Scenario):
    asked = "a stop request at a random step, for each method and setting; resume"

    def trials(self):
        names = random.sample(list(VARIANTS), 4) if self.short else VARIANTS
        for name, settings in ((name, VARIANTS[name]) for name in names):
            steps = random.choices(range(1, N_STEPS + 1), k=self.count(full=20, short=1))
            yield from self.trials_at(steps, name, settings)
        boundaries = BOUNDARIES if not self.short else random.sample(BOUNDARIES, 1)
        yield from self.trials_at(boundaries, "stage boundary", RECORDING)

    def trials_at(self, steps, name, settings):
        for i, step in enumerate(steps):
            ranks = 2 if i % 5 == 4 else None
            yield (f"{name}: stop in step {step} of {N_STEPS}",
                   lambda i=i, step=step, ranks=ranks: self.trial(f"{name} {i}", step, ranks,
                                                                  f"{name} undisturbed", settings))

    def trial(self, directory, step, ranks, undisturbed, settings):
        expected = self.undisturbed(settings, undisturbed)
        self.stop_at(step, directory, settings, ranks)
        self.assert_ends_as(expected, directory, settings)


if __name__ == "__main__":
    scenario.main(Stops)
