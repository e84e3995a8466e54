"""A run goes on with another number of ranks. Usage: see scenario.py."""

import itertools
import shutil

import scenario

STEP = 5  # inside the second epoch


class Elastic(scenario.Scenario):
    asked = "saved on 1-4 ranks, resumed on 1-4: the bits of the undisturbed run"

    def trials(self):
        pairs = itertools.product((1, 2, 3, 4), repeat=2)
        for saved, resumed in [(1, 3), (2, 4), (4, 1)] if self.short else pairs:
            yield (f"saved on {saved}, resumed on {resumed}",
                   lambda saved=saved, resumed=resumed: self.trial(saved, resumed))

    def trial(self, saved, resumed):
        source, directory = f"saved{saved}", f"from{saved}_on{resumed}"
        expected = self.undisturbed({})
        if not (self.path / source).exists():
            self.stop_at(STEP, source, ranks=saved)
        shutil.copytree(self.path / source, self.path / directory)
        self.assert_ends_as(expected, directory, ranks=resumed)


if __name__ == "__main__":
    scenario.main(Elastic)
