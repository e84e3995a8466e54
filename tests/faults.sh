#!/usr/bin/env bash
# Installs what is missing, builds the release preset into build/release, lets faults happen to
# training runs and prints one table. Exit code 0: the program stood all of them.
# usage: bash tests/faults.sh [--short] [SCENARIO...]
#   bash tests/faults.sh --short        a few trials of each scenario, as CTest runs them
#   bash tests/faults.sh kills disk     two scenarios (tests/faults/scenario_NAME.py) in full
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash jobs/install_dependencies.sh
if command -v ccache >/dev/null; then
  export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake --preset release
cmake --build --preset release --parallel "$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)" --target superpose

cached() { sed -n "s/^$1:[A-Z]*=//p" build/release/CMakeCache.txt; }
export PYTHONDONTWRITEBYTECODE=1
exec "$(cached SUPERPOSE_PYTHON)" tests/faults/run_all.py "$PWD/build/release/bin/superpose" "$PWD/configs" \
  "$(cached MPIEXEC_EXECUTABLE)" "$@" </dev/null
