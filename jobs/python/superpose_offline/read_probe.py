"""Shows how to read a probe file and a run.h5, with h5py and with xarray. Read the source.

usage: read_probe PROBE_FILE [RUN_FILE]

Prints a few numbers of thought 1, recomputes one grouped statistic from the raw values and
compares. Layouts: io/FORMAT.md. The part with xarray takes
python3-xarray and python3-h5netcdf and is left out where they are not installed.
Exit codes: 0 done, 1 the recomputed statistic differs, 2 usage, 5 a file cannot be read.
"""

import h5py
import numpy as np

from .files.hdf5 import Failure

THOUGHT = 1  # thoughts, layers and heads are counted from 1; Python's indices from 0
TOLERANCE = 1e-6


def read_with_h5py(path):
    """A statistic, and the same from the raw values: (in the file, recomputed)."""
    with h5py.File(path) as file:
        # Root attributes say what the file is and where it comes from.
        print(f"{file.attrs['file_type']}, git {file.attrs['git_hash'][:12]}, checkpoints at step "
              f"{file['checkpoint'][:]} after {file['epoch'][:]} epochs")

        # A statistic is a group of mean, std, count; its first dimension is the checkpoint. The
        # names of the dimensions hang on the datasets.
        mean = file["statistics/inner_product_frontier/mean"]
        print("statistics/inner_product_frontier/mean has dimensions",
              [dimension.keys()[0] for dimension in mean.dims], mean.shape)
        last, thought = -1, THOUGHT - 1
        in_file = mean[last, thought]

        # Raw values have a group a checkpoint. Problems with fewer thoughts are padded with NaN,
        # and the masks of the groups with -1.
        raw = file[f"raw/checkpoint_{file['checkpoint'][last]:09}"]
        products = raw["inner_products"][:, thought, :]             # problem, node
        in_frontier = file["problems/node_frontier"][:, thought, :] == 1
        recomputed = products[in_frontier].astype(float).mean()

        # The product itself is the thought times the embedding of the node.
        thoughts, embeddings = raw["thoughts"][:, thought, :], raw["wte"][:]
        node = int(np.flatnonzero(in_frontier[0])[0])
        print(f"problem 0, node {node}: inner product {products[0, node]:.4f}, by hand "
              f"{thoughts[0].astype(float) @ embeddings[node]:.4f}")
    return in_file, recomputed


def read_with_xarray(path):
    """The same thought, by the names of the dimensions."""
    try:
        import h5netcdf  # noqa: F401 (the engine)
        import xarray
    except ImportError as error:
        print(f"without xarray: {error}")
        return
    # Coordinates are in the root group, statistics in theirs: put them together once.
    coordinates = xarray.open_dataset(path, engine="h5netcdf")
    statistic = xarray.open_dataset(path, engine="h5netcdf",
                                    group="statistics/inner_product_frontier")
    statistic = statistic.assign_coords(thought=coordinates.thought,
                                        checkpoint=coordinates.checkpoint)
    print(statistic.sel(thought=THOUGHT).to_dataframe()[["mean", "std", "count"]])


def read_run(path):
    """Statistics recorded while training have the same names, and a row a recorded epoch."""
    with h5py.File(path) as file:
        if "attention" not in file:
            print(f"{path} has no table attention (record.every was 0)")
            return
        table = file["attention"]
        growth = table["index_matching_difference"][:, -1, THOUGHT - 1]  # epoch, layer, thought
        print(f"frontier minus other edges, last layer, thought {THOUGHT}, by epoch:",
              dict(zip(table["epoch"][:].tolist(), growth.round(2).tolist())))


def show(arguments):
    try:
        in_file, recomputed = read_with_h5py(arguments.probe)
        read_with_xarray(arguments.probe)
        if arguments.run:
            read_run(arguments.run)
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise Failure(f"cannot read the files ({error}) give one of superpose probe and, if you "
                      "like, a run.h5") from error
    same = abs(in_file - recomputed) <= TOLERANCE * max(1, abs(in_file))
    print(f"mean over the frontier: {in_file:.9f} in the file, {recomputed:.9f} from the raw "
          f"values: {'the same' if same else 'DIFFERENT'}")
    return 0 if same else 1


def add_arguments(parser):
    parser.add_argument("probe", metavar="PROBE_FILE", help="written by superpose probe")
    parser.add_argument("run", nargs="?", metavar="RUN_FILE", help="run.h5 of a training run")
    parser.set_defaults(work=show)
