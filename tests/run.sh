#!/usr/bin/env bash
# Installs what is missing, builds the release preset into build/release and runs the tests.
# usage: bash tests/run.sh [arguments of ctest]
#   bash tests/run.sh -L unit          one group: unit, mpi, kernels, layers, slurm, ...
#   bash tests/run.sh -R checkpoint    tests by name
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash jobs/install_dependencies.sh clang-format
bash jobs/install_dependencies.sh clang-tidy ||
  echo "tests/run.sh: going on without clang-tidy; its test is skipped" >&2
bash jobs/install_dependencies.sh python3-pip python3-nbclient python3-ipykernel ||
  echo "tests/run.sh: going on without pip or Jupyter; the tests that take them are skipped" >&2
# The tests start daemons of their own. Where systemd runs, the packages start munge, which does no
# harm; SLURM's services do not start without a slurm.conf.
bash jobs/install_dependencies.sh slurmctld slurmd slurm-client munge iproute2 ||
  echo "tests/run.sh: going on without SLURM; the tests that take it are skipped" >&2
jobs=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)  # which nproc obeys, but a build need not
if command -v ccache >/dev/null; then
  export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake --preset release
cmake --build --preset release --parallel "$jobs"
# One more than there are cores: many tests wait for most of their time. Those that take all cores
# (PROCESSORS in tests/CMakeLists.txt) still run alone.
exec ctest --preset release --parallel "$((jobs + 1))" "$@" </dev/null
