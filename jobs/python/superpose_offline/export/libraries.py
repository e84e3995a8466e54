"""Packages that only some exports take."""

import contextlib
import importlib

from ..files.hdf5 import Failure, UsageError


def library(name):
    """The package of this name, or a UsageError that says how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"--to {name} takes the Python package {name} ({error}); install it: python3 -m venv "
            f"--system-site-packages env && env/bin/pip install {name}, and run this again after "
            "source env/bin/activate") from error


@contextlib.contextmanager
def failing_with(errors):
    """Exceptions of a package become a Failure."""
    try:
        yield
    except errors as error:
        reason = str(error).strip().split("\n")[0]
        raise Failure(f"cannot export ({type(error).__name__}: {reason}); choose another --output, "
                      "or another version of the package") from error
