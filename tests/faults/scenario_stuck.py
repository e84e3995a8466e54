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
        yield from self.trials_of(cases, "small", {})
        wide = [case for case in cases if case[1] == 2]
        yield from self.trials_of(wide[:1] if self.short else wide, "wide", scenario.WIDE)

    def trials_of(self, cases, name, settings):
        for action, ranks, first, phase in cases:
            victim = 0 if first else random.randrange(1, ranks)
            fault = f"{action}:{phase}:{victim}:{PHASES[phase]}"
            yield (f"{name}: {fault} of {ranks} ranks",
                   lambda fault=fault, ranks=ranks: self.trial(name, fault, ranks, settings))

    def trial(self, name, fault, ranks, settings):
        action, _, victim, _ = fault.split(":")
        directory = f"{name}_{fault.replace(':', '_')}_{ranks}"
        result = self.run_job(directory, {**settings, "output.checkpoint_every": 1}, ranks=ranks,
                              fault=fault, within=WITHIN, options=["--watchdog", LIMIT])
        self.assertEqual(result.returncode, 7, result.stderr)
        self.assertRegex(result.stderr,
                         rf"superpose: error: rank {victim} \(.+\) {SAYS[action]}")


if __name__ == "__main__":
    scenario.main(Stuck)
