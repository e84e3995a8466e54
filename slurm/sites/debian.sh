#!/usr/bin/env bash
# Site file: Debian 12 with its own packages (jobs/install_dependencies.sh). Sourced by common.sh.

SUPERPOSE=${SUPERPOSE:-$SUPERPOSE_ROOT/build/release/bin/superpose}
# Debian's SLURM starts the ranks of Debian's Open MPI by PMIx; a plain srun would start as many
# programs of one rank. A SLURM without PMIx has mpirun, which asks it for hosts and ranks.
if [[ -z ${SUPERPOSE_LAUNCHER+set} ]]; then
  SUPERPOSE_LAUNCHER=mpirun
  [[ $(srun --mpi=list 2>&1) != *pmix* ]] || SUPERPOSE_LAUNCHER='srun --mpi=pmix'
fi
