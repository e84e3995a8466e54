#!/usr/bin/env bash
# A point of a sweep; LIST has its directory, an absolute path. `superpose sweep submit --scheduler
# flux` submits it, a job for each point.
# flux: --job-name=sweep --output=flux-{{name}}-{{id}}.out
source "${SUPERPOSE_ROOT:-$PWD}/slurm/flux/common.sh" || exit 2

run_point "$1" 0
