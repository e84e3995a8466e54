#!/usr/bin/env python3
"""Opens a file of superpose with h5py and xarray and checks what io/FORMAT.md promises of every
file: root attributes, a name on every dimension, units on every column, checksums where a hash
module is installed. Prints one line a dataset; exits 1 with the reason if a promise is broken.

    read_with_h5py.py FILE [--quiet]
"""
import argparse
import sys

import h5py
import xarray

ROOT_TEXT = ["file_type", "superpose_version", "git_hash", "command_line", "configuration", "hosts",
             "created"]
NO_COORDINATES = "This is a netCDF dimension but not a netCDF variable"


def require(condition, problem):
    if not condition:
        raise SystemExit(f"read_with_h5py: {problem}")


def is_dimension(dataset):
    return dataset.attrs.get("CLASS") == b"DIMENSION_SCALE"


def is_bare_dimension(dataset):
    return dataset.attrs.get("NAME", b"").decode().startswith(NO_COORDINATES)


def dimension_names(dataset):
    """Names of the scales attached to a dataset; a coordinate is its own dimension."""
    base = dataset.name.rsplit("/", 1)[-1]
    if is_dimension(dataset):
        return [base]
    names = []
    for i, dimension in enumerate(dataset.dims):
        require(len(dimension) == 1, f"{dataset.name}: dimension {i} has {len(dimension)} names")
        require(dimension[0].shape == (dataset.shape[i],), f"{dataset.name}: dimension {i} has "
                "another extent than its scale")
        names.append(dimension[0].name.rsplit("/", 1)[-1])
    return names


def check_root(file):
    for name in ROOT_TEXT:
        require(isinstance(file.attrs.get(name), str), f"root attribute {name} is not text")
    require(file.attrs["format_version"] >= 1, "root attribute format_version")
    if file.attrs["file_type"] == "superpose_checkpoint":
        for group in ("counters", "values"):
            require(group in file, f"no group {group}")


def check_checksum(dataset, values):
    try:
        import xxhash
    except ImportError:
        return
    require(int(dataset.attrs["xxh3_64"]) == xxhash.xxh3_64_intdigest(values.tobytes()),
            f"{dataset.name}: the checksum does not match")


def variables_of(group, file_type, quiet):
    """The datasets of one group as xarray variables."""
    variables = {}
    for name, dataset in group.items():
        if not isinstance(dataset, h5py.Dataset) or is_bare_dimension(dataset):
            continue
        dims, values = dimension_names(dataset), dataset[()]
        if file_type == "superpose_checkpoint":
            check_checksum(dataset, values)
        if file_type == "superpose_run":
            for label in ("units", "long_name"):
                require(isinstance(dataset.attrs.get(label), str), f"{dataset.name} has no {label}")
        if not quiet:
            print(f"{dataset.name} {dict(zip(dims, dataset.shape))} {dataset.dtype}")
        variables[name] = (dims, values)
    return variables


def check_groups(file, quiet):
    groups = [file]
    file.visititems(lambda _, item: groups.append(item) if isinstance(item, h5py.Group) else None)
    count = 0
    for group in groups:
        # xarray refuses a dimension of two extents and a coordinate that does not fit.
        dataset = xarray.Dataset(variables_of(group, file.attrs["file_type"], quiet))
        count += len(dataset.variables)
    require(count > 0, "no dataset")
    return [group.name for group in groups]


def open_with_xarray(path, groups):
    """xarray's own reader, where one of its two HDF5 engines is installed."""
    engines = [e for e in ("h5netcdf", "netcdf4") if e in xarray.backends.list_engines()]
    for engine in engines:
        for group in groups:
            with xarray.open_dataset(path, engine=engine, group=group, decode_cf=False) as dataset:
                dataset.load()
                require(not any(str(d).startswith("phony") for d in dataset.dims),
                        f"{group}: a dimension has no name for {engine}")
    return engines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("file")
    parser.add_argument("--quiet", action="store_true", help="print problems only")
    arguments = parser.parse_args()
    with h5py.File(arguments.file) as file:
        check_root(file)
        groups = check_groups(file, arguments.quiet)
    engines = open_with_xarray(arguments.file, groups)
    if not arguments.quiet:
        print("opened by h5py", *engines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
