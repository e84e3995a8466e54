"""The packages that the figures need, or a message that names what is missing."""

import sys
from pathlib import Path

try:
    import tomllib

    import h5py
    import matplotlib
    matplotlib.use("Agg")  # no display on a compute node
    import numpy as np
    from matplotlib import pyplot as plt, ticker
except ImportError as error:
    print(f"{Path(sys.argv[0]).name}: error: {error} (it takes Python 3.11, h5py and matplotlib) "
          "use Debian's /usr/bin/python3 with python3-h5py and "
          "python3-matplotlib", file=sys.stderr)
    sys.exit(2)

__all__ = ["h5py", "matplotlib", "np", "plt", "ticker", "tomllib"]
