#!/usr/bin/env bash
# What the templates for LSF share; for them to source. Never run under LSF: its commands were answered
# by stand-ins only.

SUPERPOSE_ROOT=${SUPERPOSE_ROOT:-${LS_SUBCWD:-$PWD}}  # where bsub was called
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

# A line for each rank.
hosts=$LSB_DJOB_HOSTFILE
SUPERPOSE_LAUNCHER=${SUPERPOSE_LAUNCHER-mpirun --hostfile $hosts -n $(wc -l <"$hosts")}
export SUPERPOSE_JOB="${LSB_JOBID}[${LSB_JOBINDEX:-0}]"
source "$SUPERPOSE_ROOT/slurm/program.sh"
