"""One rank is stopped (SIGSTOP) or hangs in the middle of a step, and says nothing: MPI would wait for
ever. Usage: see scenario.py."""

import itertools
import random

import scenario

LIMIT = 5  # seconds: longer than any phase of these runs, whatever else the machine does
WITHIN = 60  # of the start: a job that is not ended by its watchdog never ends
PHASES = {"data": 2, "forward": 2, "backward": 2, "optimizer": 2, "evaluation": 3, "checkpoint": 3}
SAYS = {"stop": "has not been heard of for", "hang": "is stuck in"}


class Stuck(scenario.Scenario):
    asked = "a rank is stopped (SIGSTOP) or hangs: the watchdog names it, the job ends with code 7"

    def trials(self):
        cases = list(itertools.product(SAYS, (2, 4), (True, False), PHASES))
        if self.short:
            cases = [(action, 2, first, "forward") for action, first in zip(SAYS, (True, False))]
        for action, ranks, first, phase in cases:
            victim = 0 if first else random.randrange(1, ranks)
            fault = f"{action}:{phase}:{victim}:{PHASES[phase]}"
            yield (f"{fault} of {ranks} ranks",
                   lambda fault=fault, ranks=ranks: self.trial(fault, ranks))

    def trial(self, fault, ranks):
        action, _, victim, _ = fault.split(":")
        result = self.run_job(fault.replace(":", "_") + f"_{ranks}", {"output.checkpoint_every": 1},
                              ranks=ranks, fault=fault, within=WITHIN,
                              options=["--watchdog", LIMIT])
        self.assertEqual(result.returncode, 7, result.stderr)
        self.assertRegex(result.stderr,
                         rf"superpose: error: rank {victim} \(.+\) {SAYS[action]}")


if __name__ == "__main__":
    scenario.main(Stuck)
