"""Reads what `superpose sweep collect` joined: measures by point, their summaries over seeds, and
the histories of the points (collected.h5; layout: io/FORMAT.md)."""

import dataclasses
from dataclasses import dataclass

import h5py
import numpy as np

from ..files.hdf5 import Failure, UsageError, open_hdf5
from ..files.measures import SHARES, in_collected, in_evaluation

SEED = "seed"
DONE = "done"
PARTS = ("mean", "low", "high", "n")


@dataclass
class Axis:
    """values: numbers or labels; setting: what changes along it."""

    name: str
    setting: str
    values: list

    @property
    def is_numeric(self):
        return not isinstance(self.values[0], str)

    @property
    def texts(self):
        """Of the values, as one types them."""
        return [v if isinstance(v, str) else f"{v:.12g}" for v in self.values]

    @property
    def labels(self):
        """Of the values, where the name of the axis is not beside them."""
        return [f"{self.name} = {t}" for t in self.texts] if self.is_numeric else self.texts

    def taken(self, indices):
        return dataclasses.replace(self, values=[self.values[i] for i in indices])


ONE_POINT = Axis("", "", [""])  # of a sweep, or a figure, that has no such axis


@dataclass
class Measure:
    """values: by the axes, then by seed; parts: mean, low, high and n over seeds, by the axes."""

    name: str
    unit: str
    description: str
    values: np.ndarray
    parts: dict

    @property
    def is_share(self):
        return self.name.startswith(SHARES)

    @property
    def scale(self):
        return 100 if self.is_share else 1

    @property
    def shown_unit(self):
        return "%" if self.is_share else "" if self.unit == "1" else self.unit

    @property
    def title(self):
        return self.description + (f" ({self.shown_unit})" if self.shown_unit else "")


def text_of(value):
    return value.decode() if isinstance(value, bytes) else value


def read_axis(coordinate):
    setting = text_of(coordinate.attrs.get("long_name", ""))
    return Axis(coordinate.name.split("/")[-1], setting,
                [text_of(v) for v in coordinate[()].tolist()])


class Collected:
    """axes: all but that of the seeds. Every array here has all axes first, then the seeds."""

    def __init__(self, path):
        self.path = path
        self.name = path.resolve().parent.name
        with open_hdf5(path, "superpose_sweep") as file:
            self._read_points(file)
            names = [n for n in file["final"] if f"{n}_mean" in file["summary"]]
            found = [self._read_measure(file, name) for name in names]
            self.measures = {measure.name: measure for measure in found}
            self.tables = {name: self._read_table(file[name]) for name in ("epochs", "evaluation")
                           if name in file}

    def _read_points(self, file):
        state = file["final/state"]
        axes = [read_axis(dimension[0]) for dimension in state.dims]
        self.has_seeds = bool(axes) and axes[-1].name == SEED
        self.seeds = axes.pop() if self.has_seeds else ONE_POINT
        self.axes = axes or [ONE_POINT]
        self._n_file_axes = state.ndim
        names = np.array(text_of(state.attrs["flag_meanings"]).split())
        self.states = names[self._by_point(state[()])]

    @property
    def title(self):
        """The sweep, and its axes of a single value."""
        single = [label for axis in self.axes if len(axis.values) == 1 for label in axis.labels]
        return ", ".join([self.name, *filter(None, single)])

    @property
    def shape(self):
        return tuple(len(axis.values) for axis in self.axes)

    def _by_point(self, values):
        """All axes, the seeds, and what else the array is by."""
        further = values.shape[self._n_file_axes:]
        return values.reshape(*self.shape, len(self.seeds.values), *further)

    def _read_measure(self, file, name):
        values, summary = file[f"final/{name}"], file["summary"]
        parts = {part: summary[f"{name}_{part}"][()].reshape(self.shape) for part in PARTS}
        return Measure(in_collected(name), text_of(values.attrs["units"]), text_of(values.attrs["long_name"]),
                       self._by_point(values[()]), parts)

    def _read_table(self, group):
        """{column: array}; its coordinates are arrays of their own."""
        points = {axis.name for axis in (*self.axes, self.seeds)}
        return {in_evaluation(name):
                    column[()] if h5py.h5ds.is_scale(column.id) else self._by_point(column[()])
                for name, column in group.items()
                if isinstance(column, h5py.Dataset) and name not in points}

    # --- Choosing --------------------------------------------------------------------------------

    @property
    def varying(self):
        """Names of the axes of several values."""
        return [axis.name for axis in self.axes if len(axis.values) > 1]

    def axis_index(self, name):
        names = [axis.name for axis in self.axes]
        if name not in names:
            raise UsageError(f"{self.path} has no axis {name} (its axes are {', '.join(names)}); "
                             "name one of these")
        return names.index(name)

    def measure(self, name):
        if name not in self.measures:
            raise UsageError(f"{self.path} holds no measure {name} (it holds "
                             f"{', '.join(self.measures)}); name one of these")
        return self.measures[name]

    def choose(self, wanted):
        """Keeps the points with these values; wanted: {axis: [text of a value]}."""
        for name, texts in wanted.items():
            i = self.axis_index(name)
            known = self.axes[i].texts
            for text in texts:
                if text not in known:
                    raise UsageError(f"axis {name} has no value {text} (it has "
                                     f"{', '.join(known)}); choose among these")
            self._take(i, [known.index(text) for text in texts])

    def _take(self, i, indices):
        self.axes[i] = self.axes[i].taken(indices)
        self.states = self.states.take(indices, axis=i)
        for measure in self.measures.values():
            measure.values = measure.values.take(indices, axis=i)
            measure.parts = {part: v.take(indices, axis=i) for part, v in measure.parts.items()}
        n_axes = len(self.axes) + 1
        for table in self.tables.values():
            for name, column in table.items():
                table[name] = column if column.ndim < n_axes else column.take(indices, axis=i)

    # --- Missing points --------------------------------------------------------------------------

    def describe(self, at):
        """at: index on each axis."""
        return ", ".join(f"{axis.name} = {axis.texts[i]}" for axis, i in zip(self.axes, at)
                         if axis is not ONE_POINT)

    def missing(self):
        """What is said of the points that are not done; nothing, if all are."""
        lines = [line for at in np.ndindex(self.shape) if (line := self._missing_at(at))]
        if not lines:
            return ""
        more = f"; and {len(lines) - 6} more such" if len(lines) > 6 else ""
        return (f"{(self.states != DONE).sum()} of {self.states.size} points are not done, and "
                f"missing here: {'; '.join(lines[:6])}{more}.")

    def _missing_at(self, at):
        """The same of the seeds of a point."""
        lacking = np.flatnonzero(self.states[at] != DONE)
        if len(lacking) == 0:
            return ""
        states = " or ".join(dict.fromkeys(self.states[at][lacking]))
        texts = [self.seeds.texts[i] for i in lacking]
        seeds = f"seed{'s' * (len(texts) > 1)} {', '.join(texts)}" if self.has_seeds else ""
        return ", ".join(filter(None, [self.describe(at), seeds])) + f" ({states})"


class Arranged:
    """Points by three axes: a figure's x axis (along), colours and panels. The others have one
    value."""

    def __init__(self, collected, along=None, colour=None):
        self.collected = collected
        names = self._assign(along, colour)
        self._order = [collected.axis_index(name) for name in names]
        self.along, self.colour, self.panel = (
            [collected.axes[i] for i in self._order] + [ONE_POINT] * 3)[:3]

    def _assign(self, along, colour):
        """Names of the axes in this order."""
        collected = self.collected
        for name in filter(None, (along, colour)):
            collected.axis_index(name)
        along = along or self._longest_numeric()
        others = [name for name in collected.varying if name not in (along, colour)]
        if colour and colour != along:
            others.insert(0, colour)
        if len(others) > 2:
            raise UsageError(f"{collected.path} has {1 + len(others)} axes of several values "
                             f"({', '.join([along, *others])}; a figure shows three); choose a "
                             f"value of the others, as in --where {others[-1]}=VALUE")
        return [along, *others]

    def _longest_numeric(self):
        """The axis along which there is most to see."""
        return max(self.collected.axes, key=lambda a: (a.is_numeric and len(a.values) > 1,
                                                       len(a.values))).name

    def of(self, values):
        """[along, colour, panel, ...] of an array by the axes."""
        n_axes = len(self.collected.axes)
        unused = [i for i in range(n_axes) if i not in self._order]  # of one value
        moved = np.transpose(values, [*self._order, *unused, *range(n_axes, values.ndim)])
        shape = [len(axis.values) for axis in (self.along, self.colour, self.panel)]
        return moved.reshape(*shape, *values.shape[n_axes:])


def add_where_option(parser):
    parser.add_argument("--where", action="append", default=[], metavar="AXIS=VALUE",
                        help="only the points with this value of an axis; again for more values or "
                             "axes")


def wanted_values(texts):
    """{axis: [value]} of arguments AXIS=VALUE."""
    wanted = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--where {text} is no choice (there is no = in it); give AXIS=VALUE")
        wanted.setdefault(name.strip(), []).append(value.strip())
    return wanted


def load(path, where):
    """path: collected.h5, or the folder of the sweep."""
    collected = Collected(path / "collected.h5" if path.is_dir() else path)
    collected.choose(wanted_values(where))
    if not (collected.states == DONE).any():
        raise Failure(f"none of the {collected.states.size} points in {collected.path} is done"
                      f"{' that --where chooses' * bool(where)} (superpose sweep status tells what "
                      "became of them); collect again when some are")
    return collected
