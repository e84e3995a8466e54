#!/usr/bin/env bash
# Site file: Debian 12 with its own packages (jobs/install_dependencies.sh). Sourced by common.sh.

SUPERPOSE=${SUPERPOSE:-$SUPERPOSE_ROOT/build/release/bin/superpose}
# Debian's SLURM starts the ranks of Debian's Open MPI by PMIx; a plain srun would start as many
# programs of one rank. Where `srun --mpi=list` has no pmix: mpirun.
SUPERPOSE_LAUNCHER=${SUPERPOSE_LAUNCHER-srun --mpi=pmix}
