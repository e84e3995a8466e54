"""Reads the histories that a training run leaves in run.h5 (layout: io/FORMAT.md)."""

import numpy as np

from .grouped_statistics import GroupedStatistics, Values
from .hdf5 import Failure, open_hdf5, provenance
from .measures import Measure, in_evaluation


class Run:
    """The tables of one run.h5: self.steps["loss"] is an array, and so on.

    self.statistics: the grouped statistics recorded over epochs, None without record.every."""

    def __init__(self, path):
        self.path = path if path.is_file() else path / "run.h5"
        self.name = self.path.parent.resolve().name
        with open_hdf5(self.path, "superpose_run") as file:
            self._read(file)

    def _read(self, file):
        tables = ("steps", "epochs", "evaluation")
        self.steps, self.epochs, evaluation = (
            {name: column[()] for name, column in file[table].items()} for table in tables)
        self.evaluation = {in_evaluation(name): column for name, column in evaluation.items()}
        self.attributes, self.configuration = provenance(file)
        if len(self.steps["step"]) == 0:
            raise Failure(f"{self.path} has no steps yet; wait for the first of them")
        self.statistics = self._read_statistics(file)

    def _read_statistics(self, file):
        if "attention" not in file or len(file["attention/epoch"]) == 0:
            return None
        columns = {name: column[()] for name, column in file["attention"].items()}
        values = {name: Values(mean, columns[f"{name}_std"], columns[f"{name}_count"],
                               file["attention"][name].attrs.get("frontier_rule"))
                  for name, mean in columns.items() if f"{name}_count" in columns}
        return GroupedStatistics(self.name, self.configuration, columns["epoch"] + 1,
                                 stages_by_epoch(self), columns["layer"], columns["thought"],
                                 values, columns.get("c", ()), self.attributes)

    @property
    def method(self):
        return self.configuration["method"]["name"]

    @property
    def branch_step(self):
        """Where the history begins if a checkpoint of another run was continued; None if not."""
        first = int(self.steps["step"][0])
        return first if first > 1 else None

    def has_stages(self):
        return self.method not in ("cot", "no_cot")

    def has_answers(self):
        return len(self.evaluation["epoch"]) > 0

    def rows_of_evaluations(self):
        """Row of the last step of each evaluated epoch."""
        return np.searchsorted(self.steps["epoch"], self.evaluation["epoch"], side="right") - 1

    def has_thoughts(self):
        return bool(np.isfinite(self.evaluation[Measure.NEXT_NODE_FRONTIER]).any())


def spans(stage, end):
    """(stage, begin, end) of each run of equal stages; item i lies between end[i] - 1 and
    end[i]."""
    first = np.r_[0, np.flatnonzero(np.diff(stage)) + 1]
    last = np.r_[first[1:], len(stage)] - 1
    return list(zip(stage[first], end[first] - 1, end[last]))


def stages_by_step(run):
    return spans(run.steps["stage"], run.steps["step"]) if run.has_stages() else []


def stages_by_epoch(run):
    """In epochs completed."""
    epochs = run.epochs
    complete = len(epochs["epoch"]) > 0 and run.has_stages()
    return spans(epochs["stage"], epochs["epoch"] + 1) if complete else []
