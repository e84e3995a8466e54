"""A run as flat tables: numbers by step, with times, hyper-parameters and provenance."""

import hashlib
import itertools
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from .. import read
from ..files.hdf5 import Failure, UsageError
from ..files.measures import HOP, HOPS

# By what their rows are counted.
TABLES = {"steps": "step", "epochs": "epoch", "evaluation": "epoch", "attention": "epoch"}
NOT_PROVENANCE = ("configuration", "file_type", "format_version")


@dataclass(frozen=True)
class Table:
    """A table of run.h5, a row a step or an epoch. All arrays are of one length."""

    name: str
    index: str         # the column that counts the rows: step or epoch
    columns: dict      # {name: numbers}; NaN: not measured
    steps: np.ndarray  # optimiser steps done at each row
    times: np.ndarray  # Unix time of each row, s

    def rows(self):
        """(step, time, {column: number}) of each row, as Python's numbers."""
        values = zip(*(column.tolist() for column in self.columns.values()))
        for step, time, row in zip(self.steps.tolist(), self.times.tolist(), values):
            yield step, time, dict(zip(self.columns, row))

    def measurements(self):
        """(step, time, {TABLE/COLUMN: number}) of each row, without its index and without what was
        not measured."""
        for step, time, row in self.rows():
            yield step, time, {f"{self.name}/{name}": value for name, value in row.items()
                               if name != self.index and not np.isnan(value)}


@dataclass(frozen=True)
class History:
    """What is exported of a run."""

    name: str             # of its directory; other than that of all runs of the call
    created: float        # Unix time, s
    configuration: dict   # sections of settings
    provenance: dict      # {attribute of run.h5: text or number}
    tables: list

    @property
    def identity(self):
        """Sixteen hexadecimal digits, the same whenever the run is exported under this name."""
        text = json.dumps([self.name, self.created, self.provenance.get("git_hash"),
                           self.provenance.get("command_line")])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def title(self):
        """The name to be shown: valid UTF-8 on one line."""
        text = self.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return "".join(c if c.isprintable() else "\ufffd" for c in text)

    @property
    def end(self):
        """Unix time of the last step, s."""
        return float(self.tables[0].times[-1])

    def settings(self):
        """{"section.key": text, number or truth}; a list is JSON text."""
        return dict(flat_settings(self.configuration))


def flat_settings(settings, prefix=""):
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from flat_settings(value, f"{prefix}{key}.")
        else:
            yield prefix + key, json.dumps(value) if isinstance(value, list) else value


# --- Reading -------------------------------------------------------------------------------------

def load_all(paths):
    """The histories of run directories, named apart."""
    folders = [(path if path.is_dir() else path.parent).resolve() for path in paths]
    for folder in folders:
        if folders.count(folder) > 1:
            raise UsageError(f"{folder} is given twice (each run is exported once); name it once")
    return [load(path, name) for path, name in zip(paths, names_apart(folders))]


def names_apart(folders):
    """For each folder its last parts, as many as make it the only one: "seed1", or "a/seed1" and
    "b/seed1"."""
    names = [folder.name for folder in folders]
    parts = [folder.parts[1:] for folder in folders]
    length = 1
    while repeated := {name for name in names if names.count(name) > 1}:
        length += 1
        names = ["/".join(p[-length:]) if name in repeated else name
                 for name, p in zip(names, parts)]
    return names


def load(path, name):
    run = read.open_run(path)
    if not has_rows(run.steps, "step"):
        raise Failure(f"{path} has no steps yet (there is nothing to export); wait for the first")
    created = start_of(path, run.attributes)
    tables = [table_of(table, index, run, created) for table, index in TABLES.items()
              if has_rows(getattr(run, table), index)]
    provenance = {key: value for key, value in run.attributes.items() if key not in NOT_PROVENANCE}
    return History(name, created, run.configuration, provenance, tables)


def has_rows(data, index):
    """Of a table, None where the run has none."""
    return data is not None and data.sizes.get(index, 0) > 0


def start_of(path, attributes):
    """Unix time of the start of the run, s."""
    text = attributes.get("created", "")
    try:
        start = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(f"{path} does not say when the run began (its attribute created is {text!r}); "
                      "give the run.h5 of superpose train") from error
    return start.replace(tzinfo=start.tzinfo or timezone.utc).timestamp()


def table_of(name, index, run, created):
    data, steps = getattr(run, name), run.steps
    # How many of the recorded steps are done at each row.
    done = np.searchsorted(steps[index], data[index], side="right")
    step_after = np.r_[steps["step"][0] - 1, steps["step"]]
    time_after = created + np.r_[0, np.nancumsum(steps["seconds"])]
    return Table(name, index, flat_columns(data, index), step_after[done], time_after[done])


def flat_columns(data, index):
    """{name: array by row} of a dataset, one for each value of the further dimensions."""
    columns = {index: data[index].values}
    for name, variable in data.data_vars.items():
        if variable.dims[:1] == (index,):
            columns.update(dict(flat_columns_of(name, variable)))
    return columns


def flat_columns_of(name, variable):
    further = variable.dims[1:]
    sizes = [range(variable.sizes[dimension]) for dimension in further]
    for at in itertools.product(*sizes):
        place = dict(zip(further, at))
        yield name + "".join(ending(variable, d, i) for d, i in place.items()), \
            variable.isel(place).values


def ending(variable, dimension, i):
    """Of a column name: where along a dimension the column is. Measures have their number alone, as
    in all flat tables (io/FORMAT.md, Evaluations)."""
    value = variable[dimension].values[i]
    return f"_{value}" if dimension in (HOP, HOPS) else f"_{dimension}{value}"
