#!/usr/bin/env bash
# Installs what is missing, builds the release preset into build/release and runs the tests.
# usage: bash tests/run.sh [arguments of ctest]
#   bash tests/run.sh -L unit          one group: unit, mpi, kernels, layers, ...
#   bash tests/run.sh -R checkpoint    tests by name
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash jobs/install_dependencies.sh
jobs=$(nproc)
if command -v ccache >/dev/null; then
  export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake --preset release
cmake --build --preset release --parallel "$jobs"
exec ctest --preset release --parallel "$jobs" "$@" </dev/null
