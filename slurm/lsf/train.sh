#!/usr/bin/env bash
# Trains, a rank a core. Code 75, an interruption with a checkpoint, queues the job again.
# usage, in the project's root (bsub reads the options below from its standard input):
#   SUPERPOSE_ARGUMENTS="CONFIG [--section.key value ...]" bsub [options] <slurm/lsf/train.sh
#BSUB -J train -o lsf-%J.out
#BSUB -n 8 -R "span[hosts=1]" -W 24:00
#BSUB -Q 75 -wa USR1 -wt 3
source "${SUPERPOSE_ROOT:-$LS_SUBCWD}/slurm/lsf/common.sh" || exit 2

read -ra arguments <<<"${SUPERPOSE_ARGUMENTS:-}"
launch train "${arguments[@]}"
