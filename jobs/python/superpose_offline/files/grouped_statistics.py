"""Grouped statistics over epochs, as both run.h5 and a probe file hold them (io/FORMAT.md)."""

from dataclasses import dataclass, field

import numpy as np

from .hdf5 import Failure, UsageError


@dataclass
class Values:
    """Mean, standard deviation and number of measurements; the first dimension is time."""

    mean: np.ndarray
    std: np.ndarray
    count: np.ndarray
    rule: str = None  # by which the frontier is counted that it is about

    def __getitem__(self, index):
        return Values(self.mean[index], self.std[index], self.count[index], self.rule)

    def margin(self):
        """Half the width of the 95 % interval of the mean."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return 1.96 * self.std / np.sqrt(self.count)


def why_absent(name):
    if "walk" in name:
        return ("an older superpose wrote it, which counted the frontier by distance; published "
                "numbers are by walks")
    return "an older superpose wrote it"


@dataclass
class GroupedStatistics:
    name: str                # of the run
    configuration: dict
    epochs: np.ndarray       # epochs completed when measured
    stages: list             # (stage, begin, end), in epochs completed
    layers: np.ndarray       # counted from 1
    thoughts: np.ndarray     # counted from 1
    values: dict             # name: Values, summed over heads
    c: np.ndarray = ()       # thoughts of the growth measure, counted from 1
    attributes: dict = field(default_factory=dict)  # of the file

    @property
    def method(self):
        return self.configuration["method"]["name"]

    @property
    def first_stage(self):
        """The stage in which the first record was made; 0 where no stage is known."""
        first = self.epochs[0]
        return next((int(stage) for stage, begin, end in self.stages if begin <= first <= end), 0)

    @property
    def n_head(self):
        return self.configuration["model"]["n_head"]

    def of(self, name, layer=None):
        """Values of a statistic; with a layer (from 1), of those that layers have."""
        if name not in self.values:
            raise Failure(f"{self.name} has no statistic {name} ({why_absent(name)}); probe it again")
        rule = self.values[name].rule
        if "walk" in name and rule != "walk":
            raise Failure(f"{self.name} counts the frontier of {name} by {rule or 'no rule'} (the "
                          "published numbers are by walks, and the two are not mixed); probe it again")
        return self.values[name] if layer is None else self.values[name][:, self.layer_index(layer)]

    def layer_index(self, layer):
        found = np.flatnonzero(self.layers == layer)
        if len(found) == 0:
            raise UsageError(f"{self.name} has no layer {layer} (it has "
                             f"{list(map(int, self.layers))}); choose another --layer")
        return int(found[0])

    def search_layer(self, layer=None):
        """The layer that searches: the papers' second; the last where it is asked for by None."""
        return int(self.layers[-1]) if layer is None else layer
