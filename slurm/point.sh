#!/usr/bin/env bash
# Runs one point of a sweep: the commands of POINT/job.sh, their output appended to POINT/log.
# usage: point.sh POINT
# POINT/job.sh, by `superpose sweep plan`, has one command a line:
#   serial ARGUMENTS...   superpose as one process
#   ranks ARGUMENTS...    superpose on all ranks of the job
# Environment: SUPERPOSE, the program; SUPERPOSE_LAUNCHER, what starts it on the ranks, if anything;
# SUPERPOSE_JOB, a name for the job in place of SLURM's id.
# POINT/state tells how it goes: "STATE JOB HOST UTC_TIME CODE", STATE running, done, interrupted
# (code 75: again, please) or failed. The exit code is that of the first command that is not 0.
source "$(dirname "${BASH_SOURCE[0]}")/children.sh"

point=$1
superpose=${SUPERPOSE:-superpose}
read -ra launcher <<<"${SUPERPOSE_LAUNCHER:-}"
job=${SLURM_ARRAY_JOB_ID:-${SLURM_JOB_ID:-local}}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}
job=${SUPERPOSE_JOB:-$job}  # the local runner's points are its own, wherever it runs

serial() {
  run "$superpose" "$@" || exit
}

ranks() {
  local limit
  set_limit "$@"
  run "${launcher[@]}" "$superpose" "$@" "${limit[@]}" || exit
}

# write_state STATE CODE: whole or not at all, also for those who read it meanwhile. Without $(...):
# a signal that comes while bash 5.2 waits for one makes it lose its way.
write_state() {
  local time
  TZ=UTC printf -v time '%(%Y-%m-%dT%H:%M:%SZ)T' -1
  echo "$1 $job $HOSTNAME $time $2" >"$point/state.$$" && mv "$point/state.$$" "$point/state"
}

leave() {
  local code=$?
  case $code in
    0) write_state 'done' 0 ;;
    75) write_state interrupted 75 ;;
    *) write_state failed "$code" ;;
  esac
  exit "$code"
}

if [[ ! -d $point ]]; then
  echo "point.sh: error: there is no directory '$point' (usage: point.sh POINT); superpose sweep" \
       "plan makes it" >&2
  exit 2
fi
# What stands under these names need not be ours: nothing is written through a link.
for name in log state "state.$$"; do
  [[ ! -L $point/$name ]] || rm -f "$point/$name"
done
exec >>"$point/log" 2>&1
trap leave EXIT
write_state running 0
source "$point/job.sh" || exit
