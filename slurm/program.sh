#!/usr/bin/env bash
# Where the program is and how it is launched, for every batch system; sourced by its common.sh, which
# sets SUPERPOSE_ROOT.

# An installed tree, PREFIX/share/superpose, has its program in PREFIX/bin; that of a checkout is named
# by its site file.
if [[ $SUPERPOSE_ROOT == */share/superpose ]]; then
  SUPERPOSE=${SUPERPOSE:-${SUPERPOSE_ROOT%/share/superpose}/bin/superpose}
fi
# The site file sets SUPERPOSE and SUPERPOSE_LAUNCHER and loads what the program needs.
site=${SUPERPOSE_SITE:-$SUPERPOSE_ROOT/slurm/sites/debian.sh}
if [[ ! -r $site ]]; then
  echo "slurm/program.sh: error: cannot read the site file $site; set SUPERPOSE_SITE" >&2
  exit 2
fi
source "$site"
source "$SUPERPOSE_ROOT/slurm/children.sh"
export SUPERPOSE_ROOT SUPERPOSE SUPERPOSE_LAUNCHER

# launch ARGUMENTS...: superpose on all ranks of the job.
launch() {
  local launcher limit
  read -ra launcher <<<"$SUPERPOSE_LAUNCHER"
  set_limit "$@"
  run "${launcher[@]}" "$SUPERPOSE" "$@" "${limit[@]}"
}

# run_point LIST INDEX: the point of a sweep whose directory is line INDEX, from 0, of LIST.
run_point() {
  local points
  mapfile -t -s "$2" -n 1 points <"$1"
  if [[ -z ${points[0]:-} ]]; then
    echo "slurm/program.sh: error: $1 has no line $(($2 + 1)) (tasks count from 0); give an array" \
      "that fits the list" >&2
    exit 2
  fi
  run bash "$SUPERPOSE_ROOT/slurm/point.sh" "${points[0]}"
}
