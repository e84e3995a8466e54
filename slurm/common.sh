#!/usr/bin/env bash
# What the templates for SLURM share; for them to source.

# SLURM runs a copy of a template from a folder of its own, so that the template cannot tell where
# the project is: by default where sbatch was called.
SUPERPOSE_ROOT=${SUPERPOSE_ROOT:-${SLURM_SUBMIT_DIR:-$PWD}}
# A step started by srun no longer inherits this from sbatch (since SLURM 22.05).
[[ -z ${SLURM_CPUS_PER_TASK:-} ]] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}

source "$SUPERPOSE_ROOT/slurm/program.sh"

# This job as scontrol names it. SLURM_JOB_ID would not do: that of an array's last task is the id
# of the whole array.
job_name() {
  echo "${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}"
}

# A launcher notices that a node is lost, and fails, long before SLURM does.
has_lost_a_node() {
  [[ $SLURM_JOB_NUM_NODES -gt 1 ]] &&
    ! timeout 60 srun --overlap --mpi=none --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 true
}

# Time for SLURM to give up the node, which ends this job and queues it again.
wait_for_slurm() {
  local seconds
  seconds=$(scontrol show config | sed -n 's/^SlurmdTimeout *= \([0-9]*\) .*/\1/p')
  echo "$SLURM_JOB_NAME: a node does not answer; waiting for SLURM to queue the job again"
  run sleep "$((2 * seconds + 60))"
}

# finish CODE: ends the job. After an interruption (75) it waits for its turn again - unless it was
# cancelled: a requeue would revive it. Any other code is final.
finish() {
  local job
  trap '' USR1 USR2 TERM INT  # a signal that comes during $(...) makes bash 5.2 lose its way
  job=$(job_name)
  if [[ $1 -eq 75 && $(squeue --noheader --job "$job" --format %T) == RUNNING ]]; then
    echo "$SLURM_JOB_NAME: job $job was interrupted and is queued again"
    scontrol requeue "$job"
  elif [[ $1 -ne 0 && $1 -ne 75 ]] && has_lost_a_node; then
    wait_for_slurm
  fi
  exit "$1"
}
