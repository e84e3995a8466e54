#!/usr/bin/env bash
# Trains, a rank a core.
# usage, in the project's root:
#   flux batch [options] slurm/flux/train.sh CONFIG [--section.key value ...]
# flux: --job-name=train --output=flux-{{name}}-{{id}}.out
# flux: --nodes=1 --nslots=8 --time-limit=24h
source "${SUPERPOSE_ROOT:-$PWD}/slurm/flux/common.sh" || exit 2

launch train "$@"
