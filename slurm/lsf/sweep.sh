#!/usr/bin/env bash
# Points of a sweep, one a job of an array that counts from 1; LIST has their directories, one absolute
# path a line. `superpose sweep submit --scheduler lsf` submits it, with all of bsub's options.
source "${SUPERPOSE_ROOT:-$LS_SUBCWD}/slurm/lsf/common.sh" || exit 2

run_point "$1" $((LSB_JOBINDEX - 1))
