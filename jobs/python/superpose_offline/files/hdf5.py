"""Opens the files of superpose and refuses what is damaged or foreign (layouts: io/FORMAT.md)."""

import sys
import tomllib
from contextlib import contextmanager

import h5py

# The newest that this package reads; it reads all before them, too.
FORMAT_VERSIONS = {"superpose_run": 3, "superpose_probe": 3, "superpose_checkpoint": 3,
                   "superpose_theory": 2, "superpose_sweep": 3}

KINDS = {
    "superpose_run": "the history of a run",
    "superpose_probe": "a probe file",
    "superpose_checkpoint": "a checkpoint",
    "superpose_theory": "a file of superpose theory",
    "superpose_sweep": "a collected sweep",
}


class Failure(Exception):
    """Something the user can put right: the message is "what (why); what to do"."""

    exit_code = 5


class UsageError(Failure):
    """An option that does not fit the files."""

    exit_code = 2


def check(file, path, file_type):
    kind, version = file.attrs.get("file_type"), file.attrs.get("format_version")
    if kind != file_type:
        raise Failure(f"{path} is not {KINDS[file_type]} (its file_type is {kind or 'missing'}); "
                      f"give {KINDS[file_type]}")
    known = FORMAT_VERSIONS[file_type]
    if version is None or version > known:
        raise Failure(f"cannot read {path} (format version {version}, this package knows {known}); "
                      "use that of the superpose that wrote it")


@contextmanager
def open_hdf5(path, file_type):
    """The file, open for reading; whatever is wrong with it becomes a Failure that names it."""
    if not path.exists():
        raise Failure(f"no {path} (it is not there); give {KINDS[file_type]}")
    try:
        with h5py.File(path, "r", locking=False) as file:
            check(file, path, file_type)
            yield file
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise Failure(f"cannot read {path} ({error}); it is damaged or no file of superpose; "
                      "write it again") from error


def provenance(file):
    """The root attributes, and the configuration parsed."""
    attributes = {name: value if isinstance(value, str) else value.item()
                  for name, value in file.attrs.items()}
    return attributes, tomllib.loads(attributes.get("configuration", ""))


def skip_unusable(paths, load, on_skip=None):
    """What `load` makes of each path that it can read. The others are named, with the reason, by
    `on_skip(path, reason)`, else on stderr."""
    loaded, reasons = [], []
    for path in paths:
        try:
            loaded.append(load(path))
        except Failure as failure:
            reasons.append(str(failure))
            if on_skip:
                on_skip(path, str(failure))
    if not loaded and not on_skip:
        raise Failure("; ".join(reasons) or "no file given (nothing to draw); name one")
    if not on_skip:
        for reason in reasons:
            print(f"warning: skipped: {reason}", file=sys.stderr)
    return loaded


def name_apart(items):
    """Runs and probes of one name are called by their paths. An item has `name` and `path`."""
    names = [item.name for item in items]
    for item in items:
        if names.count(item.name) > 1:
            item.name = str(item.path.parent) if item.path.name == "run.h5" else str(item.path)
