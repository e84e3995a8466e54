#!/usr/bin/env bash
# What the templates for OpenPBS and PBS Professional share; for them to source. Never run under PBS:
# its commands were answered by stand-ins only.

cd "$PBS_O_WORKDIR" || exit 2  # where qsub was called
SUPERPOSE_ROOT=${SUPERPOSE_ROOT:-$PWD}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}  # PBS sets it to ncpus, or ompthreads

# A line for each rank, by mpiprocs.
SUPERPOSE_LAUNCHER=${SUPERPOSE_LAUNCHER-mpirun --hostfile $PBS_NODEFILE -n $(wc -l <"$PBS_NODEFILE")}
export SUPERPOSE_JOB=$PBS_JOBID

# PBS sends no signal before it ends the job: a training stops by itself, in time for a checkpoint.
walltime=$(qstat -f "$PBS_JOBID" | sed -n 's/^ *Resource_List.walltime = \([0-9:]*\)$/\1/p')
if [[ $walltime =~ ^([0-9]+):([0-9]+):([0-9]+)$ ]]; then
  export SUPERPOSE_DEADLINE=$((EPOCHSECONDS + 10#${BASH_REMATCH[1]} * 3600 + 10#${BASH_REMATCH[2]} * 60 \
    + 10#${BASH_REMATCH[3]}))
fi
source "$SUPERPOSE_ROOT/slurm/program.sh"
