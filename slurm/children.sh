#!/usr/bin/env bash
# Runs commands so that a request to stop reaches them. For scripts to source: it sets traps.

stop_requested='' child='' woken=''

# Whatever arrives is passed on as USR1: mpirun and srun hand it to the ranks, and these write a
# checkpoint and exit with 75. On TERM, mpirun would kill them at once, whatever they are writing.
request_stop() {
  stop_requested=1 woken=1
  [[ -z $child ]] || kill -USR1 "$child" 2>/dev/null
}
trap request_stop USR1 USR2 TERM INT

# Returns the exit code of the child. A signal ends wait before the child ends, with more than 128; and
# a child that has been waited for is not known (127) the second time.
wait_for_child() {
  local code again
  wait "$child" && code=0 || code=$?
  while [[ -n $woken && $code -gt 128 ]]; do
    woken=''
    wait "$child" && again=0 || again=$?
    [[ $again -eq 127 ]] || code=$again
  done
  return "$code"
}

# run COMMAND...: returns its exit code; 75 if a request to stop kept it from starting or ended it,
# for commands that know no checkpoints can be repeated.
run() {
  local code=75
  if [[ -z $stop_requested ]]; then
    woken=''
    "$@" </dev/null &
    child=$!
    [[ -z $stop_requested ]] || kill -USR1 "$child" 2>/dev/null  # it came while the child was made
    wait_for_child && code=0 || code=$?
    child=''
  fi
  [[ -n $stop_requested && $code -gt 128 ]] && code=75
  return "$code"
}

# set_limit COMMAND...: puts into the array `limit` the option that stops a training in time under a
# batch system that sends no signal before it ends the job, at SUPERPOSE_DEADLINE (Unix time, s).
# Without $(...), where bash 5.2 loses its way if a signal comes.
set_limit() {
  local seconds clock
  limit=()
  [[ $1 == train && -n ${SUPERPOSE_DEADLINE:-} && " $*" != *" --max"[-_]time* ]] || return 0
  seconds=$((SUPERPOSE_DEADLINE - EPOCHSECONDS))
  [[ $seconds -gt 0 ]] || seconds=1
  printf -v clock '%d:%02d:%02d' $((seconds / 3600)) $((seconds / 60 % 60)) $((seconds % 60))
  limit=(--max-time "$clock")
}
