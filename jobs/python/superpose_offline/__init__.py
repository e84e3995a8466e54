"""Reads what superpose wrote, draws its figures and writes reports, without the program.

  read      opens run histories, probe files and collected sweeps as xarray datasets
  draw      the figures of runs, probe files and theory, one module a figure
  report    the HTML page that puts measured numbers beside the published ones
  sweep     tables and figures of collected sweeps, and scaling studies

On a command line: python -m superpose_offline --help. Layouts of the files: io/FORMAT.md.
"""

__version__ = "0.1.0"  # as in CMakeLists.txt; a test compares
