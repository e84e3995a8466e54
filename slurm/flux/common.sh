#!/usr/bin/env bash
# What the templates for Flux share; for them to source. Never run under Flux: its commands were
# answered by stand-ins only.

SUPERPOSE_ROOT=${SUPERPOSE_ROOT:-$PWD}  # where flux batch was called
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

# The instance of this job has all of its cores: a rank on each, or on as many as it has threads.
if [[ -z ${SUPERPOSE_LAUNCHER+set} ]]; then
  cores=$(flux resource list --no-header --states=all --format='{ncores}' | head -n 1)
  SUPERPOSE_LAUNCHER="flux run --ntasks=$((cores / OMP_NUM_THREADS)) --cores-per-task=$OMP_NUM_THREADS"
fi

# The job as its parent instance names it; its first letter is U+0192, or f.
job=$(flux getattr jobid)
export SUPERPOSE_JOB=f${job#[fƒ]}

# Its script hears of no time limit: a training stops by itself, in time for a checkpoint.
left=$(flux job timeleft)
if [[ $left =~ ^[0-9]+$ ]]; then
  export SUPERPOSE_DEADLINE=$((EPOCHSECONDS + left))
fi
source "$SUPERPOSE_ROOT/slurm/program.sh"
