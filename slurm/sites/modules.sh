#!/usr/bin/env bash
# Site file: a cluster with environment modules. Adapt the names (`module spider hdf5`); build with the
# same modules loaded. Sourced by common.sh; use it by SUPERPOSE_SITE=slurm/sites/modules.sh.

source /etc/profile.d/modules.sh  # or lmod.sh: a batch job's shell is no login shell
module purge
module load gcc/12 openmpi/4.1 hdf5/1.14-mpi openblas

SUPERPOSE=${SUPERPOSE:-$SUPERPOSE_ROOT/build/release/bin/superpose}
# `srun --mpi=list` says what SLURM knows. An Open MPI without PMIx of its own has mpirun; it asks
# SLURM for hosts and ranks: no hostfile, no -n.
SUPERPOSE_LAUNCHER=${SUPERPOSE_LAUNCHER-srun --mpi=pmix}

# One rank a core, each on its own; threads of OpenMP on the cores of their rank.
export SLURM_CPU_BIND=cores OMP_PROC_BIND=close OMP_PLACES=cores
# Parallel HDF5 on a file system without locks between nodes (some Lustre, BeeGFS):
# export HDF5_USE_FILE_LOCKING=FALSE
