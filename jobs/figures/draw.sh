#!/usr/bin/env bash
# Runs a command of the Python package jobs/python/superpose_offline, which need not be installed,
# with a python that has what it takes.
# usage: bash jobs/figures/draw.sh COMMAND [ARGUMENT ...]     e.g. draw.sh growth runs/quickstart
#        bash jobs/figures/draw.sh --help
set -euo pipefail
package=$(cd "$(dirname "${BASH_SOURCE[0]}")/../python" && pwd)

# The first python on PATH may be one without the packages that Debian's has.
# -P: no file of the working directory stands in for a module.
for python in python3 /usr/bin/python3; do
  if "$python" -P -c 'import h5py, matplotlib, tomllib, xarray' 2>/dev/null; then
    PYTHONPATH=$package${PYTHONPATH:+:$PYTHONPATH} exec "$python" -P -m superpose_offline "$@"
  fi
done
echo "draw.sh: error: no python3 (3.11 or later) can import h5py, matplotlib and xarray (the figures" \
     "take them); run bash jobs/install_dependencies.sh" >&2
exit 2
