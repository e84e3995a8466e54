#!/usr/bin/env bash
# Trains, a rank a core.
# usage, in the project's root (qsub gives a script no arguments):
#   SUPERPOSE_ARGUMENTS="CONFIG [--section.key value ...]" qsub -V [options] slurm/pbs/train.sh
#PBS -N train -j oe
#PBS -l select=1:ncpus=8:mpiprocs=8
#PBS -l walltime=24:00:00
source "${SUPERPOSE_ROOT:-$PBS_O_WORKDIR}/slurm/pbs/common.sh" || exit 2

read -ra arguments <<<"${SUPERPOSE_ARGUMENTS:-}"
launch train "${arguments[@]}"
