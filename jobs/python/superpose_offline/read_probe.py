"""Shows how to read a probe file and a run.h5 with h5py and xarray. Read the source.

usage: read_probe PROBE_FILE [RUN_FILE]

Prints a few numbers of thought 1, recomputes one grouped statistic from the raw values and
compares. Layouts: io/FORMAT.md. superpose_offline.read opens the files for xarray.
Exit codes: 0 done, 1 the recomputed statistic differs, 2 usage, 5 a file cannot be read.
"""

import h5py
import numpy as np

from . import read
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
    probe = read.open_probe(path)
    name = "inner_product_frontier"
    statistic = probe.statistics[[name, f"{name}_std", f"{name}_count"]]
    print(statistic.sel(thought=THOUGHT).to_dataframe())
    return recomputed_with_xarray(probe)


def recomputed_with_xarray(probe):
    in_frontier = probe.problems["node_frontier"] == 1
    products = probe.raw()["inner_products"].astype(float)
    return float(products.where(in_frontier).sel(thought=THOUGHT).mean())


def read_run(path):
    """Statistics recorded while training have the same names, and a row a recorded epoch."""
    attention = read.open_run(path).attention
    if attention is None or attention.sizes["epoch"] == 0:
        print(f"{path} holds no attention (record.every was 0)")
        return
    growth = attention["index_matching_difference"].isel(layer=-1).sel(thought=THOUGHT)
    print(f"frontier minus other edges, last layer, thought {THOUGHT}, by epoch:",
          growth.round(2).to_series().to_dict())


def show(arguments):
    try:
        in_file, *recomputed = read_with_h5py(arguments.probe)
        recomputed.append(read_with_xarray(arguments.probe))
        if arguments.run:
            read_run(arguments.run)
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise Failure(f"cannot read the files ({error}); give one of superpose probe and, if you "
                      "like, a run.h5") from error
    same = np.allclose(recomputed, in_file, rtol=TOLERANCE, atol=TOLERANCE)
    by_h5py, by_xarray = recomputed
    print(f"mean over the frontier: {in_file:.9f} in the file, from the raw values {by_h5py:.9f} "
          f"with h5py and {by_xarray:.9f} with xarray: {'the same' if same else 'DIFFERENT'}")
    return 0 if same else 1


def add_arguments(parser):
    parser.add_argument("probe", metavar="PROBE_FILE", help="written by superpose probe")
    parser.add_argument("run", nargs="?", metavar="RUN_FILE", help="run.h5 of a training run")
    parser.set_defaults(work=show)
