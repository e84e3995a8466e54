"""A number of one rank becomes NaN: the run stops in that step. Usage: see scenario.py."""

import itertools
import json
import random

import h5py
import numpy

import scenario
from small_runs import datasets

ACTIONS = {"nan_loss": "forward", "nan_gradient": "backward", "nan_weight": "optimizer"}
SETTINGS = {"output.checkpoint_every": 1}
N_STEPS, BATCH = 12, (19, 19, 6)  # problems of the batches of an epoch


class Nan(scenario.Scenario):
    asked = "NaN in loss, a rank's gradient, a weight: exit 6 at that step, nothing poisoned on disk"

    def trials(self):
        self.expected = self.undisturbed(SETTINGS)
        cases = list(itertools.product(ACTIONS, (1, 2, 4)))
        if self.short:
            cases = [cases[0], cases[4], cases[8]]
        for action, ranks in cases:
            step, victim = random.randint(4, N_STEPS), random.randrange(ranks)
            fault = f"{action}:{ACTIONS[action]}:{victim}:{step}"
            yield (f"{fault} of {ranks} ranks",
                   lambda fault=fault, ranks=ranks, step=step: self.trial(fault, ranks, step))

    def trial(self, fault, ranks, step):
        directory = f"{fault.replace(':', '_')}_{ranks}"
        result = self.run_job(directory, SETTINGS, ranks=ranks if ranks > 1 else None, fault=fault)
        kept = f"{directory}/diverged_step_{step:09}.json"
        self.assert_fails(result, 6, f"the training diverged at step {step} ", kept)
        self.assertEqual(result.stderr.count("superpose: error"), 1, "said once")
        self.assert_nothing_poisoned(directory, step)
        self.assert_is_batch(kept, BATCH[(step - 1) % 3])
        self.assert_ends_as(self.expected, directory, SETTINGS)

    def assert_nothing_poisoned(self, directory, step):
        with h5py.File(self.path / directory / "run.h5") as history:
            steps = history["steps"]
            self.assertEqual(list(steps["step"][()]), list(range(1, step)))
            self.assertTrue(numpy.isfinite(steps["loss"][()]).all())
        self.assertEqual(self.checkpoints(directory)[-1].name,
                         f"checkpoint_{(step - 1) // 3 * 3:09}.h5")
        for checkpoint in self.checkpoints(directory):
            with h5py.File(checkpoint) as file:
                for dataset in datasets(file):
                    self.assertTrue(numpy.isfinite(dataset[()]).all(), dataset.name)

    def assert_is_batch(self, kept, n_problems):
        """Training problems, and a file that the program reads."""
        records = self.read_json(kept)
        self.assertEqual(len(records), n_problems)
        known = {question(record) for record in self.read_json("train.json")}
        self.assertTrue({question(record) for record in records} <= known)
        self.assert_succeeds(self.run_program("inspect", kept), f"{n_problems}")


def question(record):
    return json.dumps([record[key] for key in ("question", "edges", "idx_to_symbol")])


if __name__ == "__main__":
    scenario.main(Nan)
