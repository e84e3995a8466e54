"""Opens the files of superpose as xarray datasets (layouts, units and names: io/FORMAT.md).

Dimensions and coordinates are those of the files; layers, heads, thoughts and hops are counted
from 1, epochs and nodes from 0. Each variable has its `long_name` and `units`, so that plots are
labelled. All is read at once and the file closed, but for ProbeFile.raw, which reads when called.
A file that is missing, damaged or of another kind raises Failure, whose text says what to do.
"""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from .files.hdf5 import Failure, open_hdf5, provenance
from .files.measures import in_collected, in_evaluation
from .files.probe_file import BOTH_RULES, by_rule

__all__ = ["CollectedSweep", "Failure", "ProbeFile", "RunHistory", "open_collected", "open_probe",
           "open_run"]

OF_DIMENSIONS = ("CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST")  # attributes of HDF5's own
NO_COORDINATES = b"This is a netCDF dimension but not a netCDF variable"


# --- Files of each kind --------------------------------------------------------------------------

@dataclass(frozen=True)
class RunHistory:
    """What a run left in run.h5. attributes: of the file (provenance); configuration: parsed."""

    attributes: dict
    configuration: dict
    steps: xr.Dataset       # by step: loss, gradient norm, learning rate, ...
    epochs: xr.Dataset      # by epoch: training loss, times, ...
    evaluation: xr.Dataset  # by evaluated epoch, and by hop or hops: held-out accuracy, loss, ...
    attention: xr.Dataset | None  # by recorded epoch (record.every), layer, thought; None: no table


@dataclass(frozen=True)
class ProbeFile:
    """What superpose probe wrote. attributes: of the file (provenance); configuration: parsed."""

    path: Path
    attributes: dict
    configuration: dict
    statistics: xr.Dataset  # by checkpoint, layer, thought: NAME (mean), NAME_std, NAME_count
    problems: xr.Dataset    # tokens, edges, groups of the nodes; -1 fills what is shorter
    interventions: xr.Dataset | None  # by intervention, checkpoint, changed thought, strength

    def raw(self, step=None):
        """Attention, thoughts and inner products of single problems, at the checkpoint of a step
        (the last by default), as a dataset. NaN fills what is shorter. Raises Failure where none
        were kept."""
        step = int(self.statistics["checkpoint"][-1]) if step is None else step
        name = f"raw/checkpoint_{step:09}"
        with open_hdf5(self.path, "superpose_probe") as file:
            if name in file:
                return dataset_of(file[name])
        raise Failure(f"{self.path} has no {name} (it was not kept); probe again with "
                      "--raw-problems, or choose another step")


@dataclass(frozen=True)
class CollectedSweep:
    """What superpose sweep collect joined. attributes: of the file (provenance)."""

    attributes: dict
    # An axis called `method` is chosen by .sel({"method": ...}): .sel has an argument of that name.
    final: xr.Dataset    # by the axes of the sweep: state, and the measures of the points
    summary: xr.Dataset  # the same without the seeds: MEASURE_mean, _low, _high, _n
    epochs: xr.Dataset | None      # as of a run, with the axes before the epoch
    evaluation: xr.Dataset | None  # likewise


def open_run(path):
    """The RunHistory of a run directory, or of its run.h5."""
    with open_hdf5(file_in(path, "run.h5"), "superpose_run") as file:
        tables = {name: dataset_of(file[name]) if name in file else None
                  for name in ("steps", "epochs", "evaluation", "attention")}
        tables["evaluation"] = renamed(tables["evaluation"], in_evaluation)
        return RunHistory(*provenance(file), **tables)


def open_probe(path):
    """The ProbeFile at a path, or probe.h5 of a run directory."""
    path = file_in(path, "probe.h5")
    with open_hdf5(path, "superpose_probe") as file:
        attributes, configuration = provenance(file)
        statistics = merged({name: dataset_of(group) for name, group in file["statistics"].items()})
        # Epoch and stage of each checkpoint stand in the root.
        statistics = statistics.assign_coords(dataset_of(file)[["epoch", "stage"]])
        problems = dataset_of(file["problems"])
        if attributes["format_version"] < BOTH_RULES:
            statistics, problems = (under_names_of_today(data, attributes.get("frontier"))
                                    for data in (statistics, problems))
        return ProbeFile(path, attributes, configuration, statistics, problems,
                         interventions_of(file))


def open_collected(path):
    """The CollectedSweep at a path, or collected.h5 of the folder of a sweep."""
    with open_hdf5(file_in(path, "collected.h5"), "superpose_sweep") as file:
        tables = {name: dataset_of(file[name]) if name in file else None
                  for name in ("final", "summary", "epochs", "evaluation")}
        for name, name_of_today in (("final", in_collected), ("summary", in_collected),
                                    ("evaluation", in_evaluation)):
            tables[name] = renamed(tables[name], name_of_today)
        state = tables["final"]["state"]
        meanings = np.array(state.attrs["flag_meanings"].split())
        tables["final"]["state"] = state.copy(data=meanings[state.values])
        return CollectedSweep(provenance(file)[0], **tables)


# --- From HDF5 to xarray -------------------------------------------------------------------------

def file_in(path, name):
    """A path, or the file of that name where it is a directory."""
    path = Path(path)
    return path / name if path.is_dir() else path


def is_scale(data):
    return h5py.h5ds.is_scale(data.id)


def variable_of(data, dimensions):
    values = data.asstr()[()] if h5py.check_string_dtype(data.dtype) else data[()]
    attributes = {name: value for name, value in data.attrs.items() if name not in OF_DIMENSIONS}
    return xr.Variable(dimensions, values, attributes)


def dataset_of(group):
    """The HDF5 datasets of a group, with the coordinates of their dimensions. A dimension has the
    name of its scale, or an invented one where the file names none."""
    scales = {}  # (name, scale) by place in the file: HDF5 takes long to find a name

    def name_of(scale):
        place = h5py.h5o.get_info(scale.id).addr
        if place not in scales:
            scales[place] = scale.name.split("/")[-1], scale
        return scales[place][0]

    variables = {}
    for name, data in group.items():
        if not isinstance(data, h5py.Dataset):
            continue
        if is_scale(data):
            name_of(data)
            continue
        dimensions = [name_of(dimension[0]) if len(dimension) else f"{name}_{i}"
                      for i, dimension in enumerate(data.dims)]
        variables[name] = variable_of(data, dimensions)
    coordinates = {name: variable_of(scale, [name]) for name, scale in scales.values()
                   if not scale.attrs.get("NAME", b"").startswith(NO_COORDINATES)}
    return xr.Dataset(variables, coordinates)


def renamed(data, name_of_today):
    """A dataset, or none, of a file of any version under the names of today."""
    names = {} if data is None else {name: str(name_of_today(name)) for name in data}
    changed = {old: new for old, new in names.items() if new != old}
    return data.rename(changed) if changed else data


def merged(statistics):
    """One dataset of {name: dataset of mean, std and count}, named as in run.h5."""
    parts = [data.rename({part: name if part == "mean" else f"{name}_{part}" for part in data})
             for name, data in statistics.items()]
    return xr.merge(parts, combine_attrs="drop")


def under_names_of_today(data, rule):
    """Of a file of an older version, which counted the frontier by this rule."""
    names = {old: new for new, old in by_rule({name: name for name in data}, rule).items()}
    return renamed(data, names.get)


def interventions_of(file):
    if "interventions" not in file:
        return None
    groups = {name: group for name, group in file["interventions"].items()
              if isinstance(group, h5py.Group)}
    grids = xr.concat([dataset_of(group) for group in groups.values()], "intervention")
    return grids.assign_coords(intervention=list(groups))
