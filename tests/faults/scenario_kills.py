"""Ranks are killed at random moments, also while they write a checkpoint. Usage: see scenario.py."""

import random
import subprocess
import time

import scenario

# 18 steps of milliseconds, a checkpoint after every third.
SETTINGS = {"train.epochs": 6, "output.checkpoint_every": 1}


class Kills(scenario.Scenario):
    asked = "SIGKILL of one or all of 1-4 ranks at random moments; run again until complete"
    on_disk = not scenario.Scenario.short

    def trials(self):
        yield from self.trials_with("run", SETTINGS, self.count(full=100, short=3))
        yield from self.trials_with("wide", {**SETTINGS, **scenario.WIDE},
                                    self.count(full=40, short=1))

    def trials_with(self, name, settings, count):
        self.settings = settings
        self.expected = self.undisturbed(settings, f"{name}_undisturbed")
        sizes = (1, 3) if self.short else (1, 2, 3, 4)
        self.seconds = {ranks: self.duration(name, ranks) for ranks in sizes}
        for i in range(count):
            ranks, n_kills = sizes[i % len(sizes)], 1 + i % 2
            one = random.random() < 0.5
            yield (f"{name} {i}: {'one' if one else 'all'} of {ranks} ranks, {n_kills} times",
                   lambda i=i, ranks=ranks, one=one, n=n_kills:
                   self.trial(f"{name}{i}", ranks, one, n))

    def duration(self, name, ranks):
        """Seconds of a whole run on so many ranks."""
        start = time.monotonic()
        self.assert_ends_as(self.expected, f"{name}_duration{ranks}", self.settings,
                            self.mpi_ranks(ranks))
        return time.monotonic() - start

    @staticmethod
    def mpi_ranks(ranks):
        return None if ranks == 1 else ranks

    def trial(self, directory, ranks, one, n_kills):
        for _ in range(n_kills):
            # Most of a run is its start: three in four strike later.
            earliest = 0 if random.random() < 0.25 else 0.4
            moment = random.uniform(earliest, 1) * self.seconds[ranks]
            self.run_and_kill(directory, ranks, one, moment)
        self.assert_ends_as(self.expected, directory, self.settings, self.mpi_ranks(ranks))

    def run_and_kill(self, directory, ranks, one, moment):
        job = self.start(directory, self.settings, ranks=self.mpi_ranks(ranks))
        try:
            job.process.wait(moment)
        except subprocess.TimeoutExpired:
            victims = job.ranks()
            job.kill([random.choice(victims)] if one and victims else victims)
        job.finish(within=60)


if __name__ == "__main__":
    scenario.main(Kills)
