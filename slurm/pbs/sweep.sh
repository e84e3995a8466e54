#!/usr/bin/env bash
# Points of a sweep, one a job of an array; the file SUPERPOSE_LIST has their directories, one absolute
# path a line. `superpose sweep submit --scheduler pbs` submits it.
#PBS -N sweep -j oe
source "${SUPERPOSE_ROOT:-$PBS_O_WORKDIR}/slurm/pbs/common.sh" || exit 2

run_point "$SUPERPOSE_LIST" "${PBS_ARRAY_INDEX:-0}"
