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

# run COMMAND...: returns its exit code; 75 if a request to stop kept it from starting or ended it,
# for commands that know no checkpoints can be repeated.
run() {
  local code=75
  if [[ -z $stop_requested ]]; then
    "$@" </dev/null &
    child=$!
    [[ -z $stop_requested ]] || kill -USR1 "$child" 2>/dev/null  # it came while the child was made
    woken=1
    while [[ -n $woken ]]; do  # a signal ends wait before the child ends
      woken=''
      wait "$child" && code=0 || code=$?
    done
    child=''
  fi
  [[ -n $stop_requested && $code -gt 128 ]] && code=75
  return "$code"
}
