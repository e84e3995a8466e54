#!/usr/bin/env bash
# Runs a script of this folder with a python that has what the figures take.
# usage: bash jobs/figures/draw.sh SCRIPT [ARGUMENT ...]     e.g. draw.sh growth runs/quickstart
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
script=$here/${1:-}.py
if [[ $# -eq 0 || ! -f $script ]]; then
  echo "draw.sh: error: there is no script '${1:-}' (usage: draw.sh SCRIPT [ARGUMENT ...]); the" \
       "scripts are the .py files of $here that have a usage line" >&2
  exit 2
fi

# The first python on PATH may be one without the packages that Debian's has.
for python in python3 /usr/bin/python3; do
  if "$python" -c 'import h5py, matplotlib, tomllib' 2>/dev/null; then
    exec "$python" "$script" "${@:2}"
  fi
done
echo "draw.sh: error: no python3 (3.11 or later) can import h5py and matplotlib (the figures take" \
     "them); run bash jobs/install_dependencies.sh" >&2
exit 2
