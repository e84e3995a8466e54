"""Reads the histories that a training run leaves in run.h5 (layout: io/FORMAT.md)."""

import tomllib

import h5py
import numpy as np

FORMAT_VERSION = 1  # of run.h5


class Failure(Exception):
    """Something the user can put right; the message says how."""


class Run:
    """The tables of one run.h5: self.steps["loss"] is an array, and so on."""

    def __init__(self, path):
        self.path = path if path.is_file() else path / "run.h5"
        self.name = self.path.parent.resolve().name
        if not self.path.exists():
            raise Failure(f"no {self.path} (a run writes it as it starts) "
                          "give the directory of a run")
        try:
            with h5py.File(self.path, "r", locking=False) as file:
                self._read(file)
        except (OSError, KeyError, ValueError) as error:
            raise Failure(f"cannot read {self.path} ({error})") from error

    def _read(self, file):
        kind, version = file.attrs.get("file_type"), file.attrs.get("format_version")
        if kind != "superpose_run":
            raise Failure(f"{self.path} is not the history of a run "
                          f"(its file_type is {kind or 'missing'}) give the directory of a run")
        if version > FORMAT_VERSION:
            raise Failure(f"cannot read {self.path} (format version {version}, these scripts know "
                          f"{FORMAT_VERSION}) use those of a newer superpose")
        tables = ("steps", "epochs", "evaluation")
        self.steps, self.epochs, self.evaluation = (
            {name: column[()] for name, column in file[table].items()} for table in tables)
        self.configuration = tomllib.loads(file.attrs["configuration"])
        if len(self.steps["step"]) == 0:
            raise Failure(f"{self.path} has no steps yet; wait for the first of them")

    def has_stages(self):
        return self.configuration["method"]["name"] not in ("cot", "no_cot")

    def has_answers(self):
        return len(self.evaluation["epoch"]) > 0

    def has_thoughts(self):
        return bool(np.isfinite(self.evaluation["next_node_frontier"]).any())


def name_apart(runs):
    """Runs whose directories have the same name are called by their paths."""
    names = [run.name for run in runs]
    for run in runs:
        if names.count(run.name) > 1:
            run.name = str(run.path.parent)


def spans(stage, end):
    """(stage, begin, end) of each run of equal stages; item i lies between end[i] - 1 and end[i]."""
    first = np.r_[0, np.flatnonzero(np.diff(stage)) + 1]
    last = np.r_[first[1:], len(stage)] - 1
    return list(zip(stage[first], end[first] - 1, end[last]))


def stages_by_step(run):
    return spans(run.steps["stage"], run.steps["step"]) if run.has_stages() else []


def stages_by_epoch(run):
    """In epochs completed."""
    epochs = run.epochs
    return spans(epochs["stage"], epochs["epoch"] + 1) if run.has_stages() else []
