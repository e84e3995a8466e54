"""One rank dies in the middle of a step: the others must not wait for it. Usage: see scenario.py."""

import itertools
import random

import scenario

ACTIONS = ("kill", "segv", "throw", "exit0", "exit3")
PHASES = {"data": 2, "forward": 2, "backward": 2, "allreduce (exposed)": 2, "optimizer": 2,
          "evaluation": 3, "checkpoint": 3}  # and a step with this phase in it
SECONDS = 10


class Deaths(scenario.Scenario):
    asked = f"a rank is killed, crashes, throws or exits: the job ends within {SECONDS} s, not with 0"

    def trials(self):
        cases = itertools.product(ACTIONS, (2, 4), PHASES)
        if self.short:
            cases = [(action, random.choice((2, 4)), random.choice(list(PHASES)))
                     for action in ACTIONS]
        for action, ranks, phase in cases:
            victim = random.randrange(ranks)
            fault = f"{action}:{phase}:{victim}:{PHASES[phase]}"
            yield (f"{fault} of {ranks} ranks",
                   lambda fault=fault, ranks=ranks: self.trial(fault, ranks))

    def trial(self, fault, ranks):
        directory = fault.replace(":", "_") + f"_{ranks}"
        result = self.run_job(directory, {"output.checkpoint_every": 1}, ranks=ranks, fault=fault,
                              within=SECONDS)
        self.assertIn("a fault is armed", result.stderr)
        self.assertNotEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("step      4/", result.stdout, "the fault never struck")


if __name__ == "__main__":
    scenario.main(Deaths)
