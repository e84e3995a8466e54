"""Collected sweeps as `superpose sweep collect` writes them (io/FORMAT.md), with values chosen by
the tests."""

import h5py
import numpy as np

from superpose_offline.files.hdf5 import FORMAT_VERSIONS

STATES = ["planned", "queued", "running", "interrupted", "failed", "lost", "done"]
DONE = STATES.index("done")
N_EPOCH = 6


class Group:
    """A group that has its own copies of the axes."""

    def __init__(self, file, name, axes):
        self.group = file.create_group(name)
        self.axes = list(axes)
        for axis, (setting, values) in axes.items():
            self.add_axis(axis, setting, values)

    def add_axis(self, name, setting, values):
        self.group[name] = values
        self.group[name].make_scale(name)
        self.group[name].attrs["long_name"] = setting

    def add(self, name, values, unit="1", description="", further=()):
        """values: by the axes, and by the `further` ones."""
        dataset = self.group.create_dataset(name, data=values)
        for dimension, axis in zip(dataset.dims, [*self.axes, *further]):
            dimension.attach_scale(self.group[axis])
        dataset.attrs["units"], dataset.attrs["long_name"] = unit, description or name


def shape_of(axes):
    return tuple(len(values) for _, values in axes.values())


def over_seeds(values, axes):
    """Summaries; the range stands in for the interval."""
    by_seed = values if "seed" in axes else values[..., None]
    n = np.isfinite(by_seed).sum(axis=-1)
    filled = np.ma.masked_invalid(by_seed)
    parts = {"mean": filled.mean(axis=-1), "low": filled.min(axis=-1), "high": filled.max(axis=-1),
             "std": filled.std(axis=-1)}
    known = {"mean": 1, "low": 2, "high": 2, "std": 2}
    return {"n": n, **{part: np.where(n >= known[part], np.ma.filled(value, np.nan), np.nan)
                       for part, value in parts.items()}}


def write(path, axes, measures, missing=(), tables=None):
    """axes: {name: (setting, values)}, that of the seeds last; measures: {name: (values, unit)} by
    the axes; missing: ((place on the axes), state); tables: {table: {column: values by the axes
    and epoch}}."""
    state = np.full(shape_of(axes), DONE)
    for at, name in missing:
        state[at] = STATES.index(name)
    with h5py.File(path, "w") as file:
        file.attrs.update({"file_type": "superpose_sweep", "format_version": FORMAT_VERSIONS["superpose_sweep"],
                           "git_hash": "0123456789abcdef", "configuration": "[sweep]\n"})
        final = Group(file, "final", axes)
        summary = Group(file, "summary", {a: v for a, v in axes.items() if a != "seed"})
        final.add("state", state, description="what became of the point")
        final.group["state"].attrs["flag_meanings"] = " ".join(STATES)
        for name, (values, unit) in measures.items():
            values = np.where(state == DONE, values, np.nan)
            final.add(name, values, unit)
            for part, value in over_seeds(values, axes).items():
                summary.add(f"{name}_{part}", value, unit)
        for name, columns in (tables or {}).items():
            write_table(Group(file, name, axes), columns, state)


def write_table(group, columns, state):
    group.add_axis("epoch", "epoch, 0-based", np.arange(N_EPOCH))
    for name, values in columns.items():
        group.add(name, np.where((state == DONE)[..., None], values, np.nan), further=["epoch"])


def write_training(path, axes, missing=()):
    """Accuracy rises by a tenth along the first axis and by a hundredth a seed."""
    places = np.indices(shape_of(axes))
    accuracy = 0.5 + 0.1 * places[0] + 0.01 * places[-1]
    curve = accuracy[..., None] * np.linspace(0.5, 1, N_EPOCH)
    stage = np.broadcast_to(np.arange(N_EPOCH) // 2, curve.shape)
    write(path, axes, {"accuracy": (accuracy, "1"), "accuracy_equal_depth": (accuracy / 2, "1"),
                       "loss": (2 - accuracy, "nat")},
          missing, {"epochs": {"loss": 3 - curve, "stage": stage},
                    "evaluation": {"accuracy": curve, "accuracy_equal_depth": curve / 2,
                                   "loss": 2 - curve, "stage": stage}})


class Machine:
    """Steps of known costs [s]: serial part, part shared among ranks, latency a partner, exchange
    of a whole gradient; `exposed` is the share of the communication that is not hidden."""

    serial, shared, latency, exchange, exposed = 0.002, 0.8, 0.0005, 0.04, 0.25

    def blocking(self, ranks):
        return self.latency * (ranks - 1) + self.exchange * (ranks - 1) / ranks

    def compute(self, scaling, ranks):
        return self.serial + self.shared / (ranks if scaling == "strong" else 1)

    def step(self, scaling, ranks):
        return self.compute(scaling, ranks) + self.exposed * self.blocking(ranks)

    def measures(self, ranks, n_latent):
        """As of_bench in src/sweep/results.cpp."""
        found = {}
        one_rank = np.full(ranks.shape, self.serial + self.shared)
        for scaling in ("strong", "weak"):
            step = self.step(scaling, ranks)
            found[f"{scaling}_ranks"] = ranks, "1"
            for name, values, unit in (
                    ("step", step, "s"), ("one_rank_step", one_rank, "s"),
                    ("exposed", self.exposed * self.blocking(ranks), "s"),
                    ("blocking", self.blocking(ranks), "s"),
                    ("efficiency", one_rank / step / (ranks if scaling == "strong" else 1), "1")):
                found[f"{scaling}_{name}_{n_latent}"] = values, unit
        return found


def write_bench(path, nodes, ranks_per_node=2, missing=(), latents=(0, 4)):
    ranks = np.array(nodes, dtype=float) * ranks_per_node
    measures = {}
    for n_latent in latents:
        measures.update(Machine().measures(ranks, n_latent))
    write(path, {"nodes": ("resources.nodes", nodes)}, measures, missing)
