#!/usr/bin/env bash
# Site file: an environment of Spack with a Kokkos that has OpenMP. Made once by
#   spack env create superpose
#   spack -e superpose add openmpi+legacylaunchers schedulers=slurm hdf5+mpi+hl kokkos+openmp \
#     openblas threads=openmp onednn cli11 tomlplusplus nlohmann-json spdlog fmt random123 xxhash boost
#   spack -e superpose install
#   spack env activate superpose && cmake --preset openmp && cmake --build --preset openmp
# Sourced by common.sh; use it by SUPERPOSE_SITE=slurm/sites/spack.sh.

source "${SPACK_ROOT:-$HOME/spack}/share/spack/setup-env.sh"
spack env activate superpose

SUPERPOSE=${SUPERPOSE:-$SUPERPOSE_ROOT/build/openmp/bin/superpose}
# Spack's Open MPI with schedulers=slurm and SLURM's own PMIx need not fit together; mpirun always
# does. pe=N gives every rank the cores of its threads.
SUPERPOSE_LAUNCHER=${SUPERPOSE_LAUNCHER-mpirun --map-by slot:pe=$OMP_NUM_THREADS}
export OMP_PROC_BIND=close OMP_PLACES=cores
