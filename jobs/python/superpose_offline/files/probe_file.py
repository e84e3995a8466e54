"""Reads what `superpose probe` writes (layout: io/FORMAT.md, Probe file)."""

import numpy as np

from .grouped_statistics import GroupedStatistics, Values
from .hdf5 import Failure, UsageError, open_hdf5, provenance

# Tokens behind the nodes, in the order of their ids; "|" is called as in the papers.
SPECIAL_TOKENS = ["<start>", "<end>", "<thought>", "<e>", "[Q]", "[R]", "[A]", "<eos>", "<no "
                                                                                        "answer>"]


BOTH_RULES = 3  # from this format version on; before, "frontier" was by the rule of the file


def by_rule(named, rule):
    """{name: values} of an older file under the names of today."""
    if rule != "walk":
        return named
    renamed = {}
    for name, values in named.items():
        if name.startswith(("edge_logit", "index_matching")) or "frontier" in name:
            name = (name.replace("frontier", "walk_frontier").replace("edge_logit_other",
                                                                      "edge_logit_walk_other")
                    .replace("index_matching_difference", "index_matching_difference_walk"))
            if isinstance(values, Values):
                values.rule = "walk"
        renamed[name] = values
    return renamed


class Probe:
    """One probe file: statistics over its checkpoints, problems, interventions. Raw values are read
    when they are asked for."""

    def __init__(self, path):
        self.path = path
        self.name = probe_name(path)
        with open_hdf5(path, "superpose_probe") as file:
            self._read(file)

    def _read(self, file):
        self.attributes, self.configuration = provenance(file)
        self.steps, self.epochs, self.stages = (
            file[name][()] for name in ("checkpoint", "epoch", "stage"))
        self.problems = {name: data[()] for name, data in file["problems"].items()}
        self.raw_layers = file["raw_layer"][()]
        values = {name: Values(*(group[part][()] for part in ("mean", "std", "count")),
                               group["mean"].attrs.get("frontier_rule"))
                  for name, group in file["statistics"].items() if not name.endswith("_by_head")}
        if self.attributes["format_version"] < BOTH_RULES:
            values, self.problems = (by_rule(named, self.attributes.get("frontier"))
                                     for named in (values, self.problems))
        self.statistics = GroupedStatistics(self.name, self.configuration, self.epochs,
                                            self._stage_spans(), file["layer"][()],
                                            file["thought"][()], values,
                                            file["c"][()] if "c" in file else (),
                                            self.attributes)
        self.changed_thoughts, self.strengths, self.interventions = read_interventions(file)

    def _stage_spans(self):
        """(stage, begin, end) as far as the checkpoints tell: a checkpoint knows the stage to
        come."""
        first = np.r_[0, np.flatnonzero(np.diff(self.stages)) + 1]
        ends = np.r_[self.epochs[first[1:]], self.epochs[-1]]
        return list(zip(self.stages[first], self.epochs[first], ends))

    @property
    def method(self):
        return self.configuration["method"]["name"]

    def index(self, step=None):
        """Where a checkpoint stands among those of the file; the last by default."""
        if step is None:
            return len(self.steps) - 1
        found = np.flatnonzero(self.steps == step)
        if len(found) == 0:
            raise UsageError(f"{self.path} has no checkpoint {step} (it has "
                             f"{list(map(int, self.steps))}); choose another --checkpoint")
        return int(found[0])

    def raw(self, dataset, checkpoint, selection=()):
        """Raw values of the checkpoint with that index."""
        name = f"raw/checkpoint_{self.steps[checkpoint]:09}/{dataset}"
        with open_hdf5(self.path, "superpose_probe") as file:
            if name not in file:
                raise Failure(f"{self.path} has no {name} (it was not kept); probe again with "
                              "--raw-problems")
            return file[name][selection]

    def token_names(self, n_vocabulary):
        n_nodes = n_vocabulary - len(SPECIAL_TOKENS)
        return [str(node) for node in range(n_nodes)] + SPECIAL_TOKENS


def probe_name(path):
    """The directory of the run, and the file where it is not probe.h5."""
    folder = path.resolve().parent.name
    return folder if path.stem == "probe" else f"{folder} {path.stem}"


def read_interventions(file):
    """Coordinates changed_thought and strength, and {name: {column: values}}."""
    if "interventions" not in file:
        return np.array([], dtype=int), np.array([]), {}
    group = file["interventions"]
    columns = {name: {column: data[()] for column, data in grid.items()}
               for name, grid in group.items() if name not in ("changed_thought", "strength")}
    return group["changed_thought"][()], group["strength"][()], columns
