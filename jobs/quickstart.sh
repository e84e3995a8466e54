#!/usr/bin/env bash
# From a clean clone to a model that searches a graph in continuous thoughts, with its evaluation,
# learning curves, and a report on what its thoughts hold. Settings: configs/quickstart.toml. What the
# package manager, the compiler and the program print goes to runs/quickstart.log; the terminal shows how
# far it is. Called again, it goes on where it stopped.
# usage: bash jobs/quickstart.sh
set -euo pipefail
if (($# > 0)); then
  echo "quickstart.sh: error: unexpected argument $1; it takes none (settings: configs/quickstart.toml)" >&2
  exit 2
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."

superpose=build/release/bin/superpose
run=runs/quickstart
held_out=data/quickstart_valid.json
log=runs/quickstart.log

# The cores of this process. GNU nproc obeys the variables, which are about threads of a rank.
cores() {
  env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc
}

# last_line COLUMNS: of the log, without what would move the cursor.
last_line() {
  tail -n 1 "$log" | tr -d '[:cntrl:]' | cut -c "1-$1"
}

# Shows the last line of the log: in place on a terminal, elsewhere a line every two minutes. The sleep
# outlives this for a while; it holds no output open.
show_progress() {
  local begin=$SECONDS
  if [[ -t 1 ]]; then
    while sleep 1 >/dev/null 2>&1; do printf '\r\e[K  %s' "$(last_line 76)"; done
  else
    while sleep 120 >/dev/null 2>&1; do echo "  $((SECONDS - begin)) s: $(last_line 68)"; done
  fi
}

# Prints the name of a phase, runs it with its output in the log, prints the time it took. A phase that
# fails ends the script with its exit code and the end of the log.
phase() {
  local name=$1 begin=$SECONDS code=0 progress
  shift
  echo "quickstart: $name"
  show_progress &
  progress=$!
  "$@" >>"$log" 2>&1 || code=$?
  kill "$progress" 2>/dev/null && wait "$progress" 2>/dev/null || true
  [[ ! -t 1 ]] || printf '\r\e[K'
  if [[ $code -eq 75 ]]; then
    echo "quickstart: $name was interrupted after a checkpoint; bash jobs/quickstart.sh goes on" >&2
  elif [[ $code -ne 0 ]]; then
    tail -n 20 "$log" >&2
    echo "quickstart: $name failed after $((SECONDS - begin)) s (exit code $code); all of its output" \
         "is in $PWD/$log" >&2
  fi
  [[ $code -eq 0 ]] || exit "$code"
  echo "quickstart: $name took $((SECONDS - begin)) s"
}

build() {
  if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
  cmake --preset release </dev/null &&
    cmake --build --preset release --target superpose --parallel "$(cores)" </dev/null
}

# generate FILE COUNT SEED: problems of two hops.
generate() {
  if [[ -e $1 ]]; then
    echo "$1 is there"
    return
  fi
  "$superpose" generate "$1" --count "$2" --seed "$3" --n_nodes 10 --min_hops 2 --max_hops 2 \
    --shuffle_nodes true </dev/null
}

generate_all() {
  generate data/quickstart_train.json 15000 0 && generate "$held_out" 500 1
}

# Runs the program on two ranks, or one where there is one core.
on_ranks() {
  local ranks=$(($(cores) < 2 ? 1 : 2))
  if [[ $EUID -eq 0 ]]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  # One thread of OpenBLAS and Kokkos: the ranks fill the cores.
  OMP_NUM_THREADS=1 mpirun -n "$ranks" "$superpose" "$@" </dev/null
}

train() {
  on_ranks train configs/quickstart.toml --resume auto
}

last_checkpoint() {
  local checkpoints=("$run"/checkpoint_*.h5)  # the step is in the name: the last is the newest
  echo "${checkpoints[-1]}"
}

evaluate() {
  "$superpose" evaluate "$(last_checkpoint)" "$held_out" --json "$run/evaluation.json" --force \
    </dev/null
}

probe() {
  on_ranks probe "$(last_checkpoint)" --data "$held_out" --output "$run/probe.h5" \
    --intervene rescale,swap,nearest_token,keep_strongest,frontier_span --force
}

draw() {
  bash jobs/figures/draw.sh curves "$run" --force </dev/null &&
    bash jobs/figures/report.sh "$run" --output "$run/report.html" --force </dev/null
}

mkdir -p "$(dirname "$log")"
: >"$log"
echo "quickstart: 4 to 25 minutes; all output is in $PWD/$log"
phase "installing what is missing" bash jobs/install_dependencies.sh
phase "building $superpose" build
phase "generating problems" generate_all
phase "training" train
phase "evaluating the last checkpoint" evaluate
phase "probing the last checkpoint" probe
phase "drawing the figures and the report" draw

echo
bash jobs/figures/draw.sh summary "$run" </dev/null
cat <<EOF

  configuration   configs/quickstart.toml
  all output      $log
  problems        data/quickstart_train.json, $held_out
  checkpoints     $run/checkpoint_*.h5
  histories       $run/run.h5
  evaluation      $run/evaluation.json
  inside          $run/probe.h5
  figures         $run/figures/{loss,accuracy,next_node,optimizer}.{png,pdf}
  report          $run/report.html
quickstart: done in $SECONDS s; all paths are in $PWD
EOF
