"""Stop requests at random steps, for everything that a run may carry from step to step. Usage: see
scenario.py."""

import itertools
import os
import random
import shutil
import signal
import time

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

# Signals from outside meet a rank anywhere, most often inside a product.
SIGNALS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
           signal.SIGXCPU)
LONGER, N_LONGER = {"train.epochs": 16, "curriculum.epochs_per_stage": 4}, 48  # steps
WIDE_VARIANTS = list(itertools.product((128, 256), ("f32", "bf16")))


class Stops(scenario.Scenario):
    asked = ("a stop request at a random step, for each method and setting; signals at random moments "
             "at 128 and 256 wide, f32 and bf16; resume")

    def trials(self):
        names = random.sample(list(VARIANTS), 4) if self.short else VARIANTS
        for name, settings in ((name, VARIANTS[name]) for name in names):
            steps = random.choices(range(1, N_STEPS + 1), k=self.count(full=20, short=1))
            yield from self.trials_at(steps, name, settings)
        boundaries = BOUNDARIES if not self.short else random.sample(BOUNDARIES, 1)
        yield from self.trials_at(boundaries, "stage boundary", RECORDING)
        yield from self.wide_trials()

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

    def wide_trials(self):
        variants = WIDE_VARIANTS[:1] if self.short else WIDE_VARIANTS
        for i in range(self.count(full=75, short=3)):
            for width, precision in variants:
                number, ranks = SIGNALS[i % len(SIGNALS)], 2 if i % 5 == 4 else None
                yield (f"{number.name} at {width} wide, {precision}",
                       lambda i=i, n=number, w=width, p=precision, ranks=ranks:
                       self.wide_trial(f"wide {w} {p} {i}", n, ranks,
                                       {**LONGER, "model.n_embd": w, "model.precision": p}))

    def wide_trial(self, directory, number, ranks, settings):
        undisturbed = f"wide undisturbed {settings['model.n_embd']} {settings['model.precision']}"
        expected = self.undisturbed(settings, undisturbed)
        self.stop_somewhere(directory, number, ranks, settings)
        self.assert_ends_as(expected, directory, settings)
        shutil.rmtree(self.path / directory)

    def stop_somewhere(self, directory, number, ranks, settings):
        """Sends the signal to one rank, anywhere in a step that is not among the last."""
        job = self.start(directory, settings, ranks=ranks)
        job.wait_for_output(f"step {random.randint(1, N_LONGER - 12):>6}/")
        time.sleep(random.uniform(0, 0.02))
        os.kill(random.choice(job.ranks()), number)
        result = job.finish()
        self.assertEqual(result.returncode, 75, result.stderr)
        self.assertIn(f"stopped by {number.name if ranks is None else ''}", result.stderr)


if __name__ == "__main__":
    scenario.main(Stops)
