#!/usr/bin/env bash
# From a clean clone to a model that searches a graph in continuous thoughts, with its evaluation,
# learning curves, and a report on what its thoughts hold. Settings: configs/quickstart.toml. Called again, it goes on where it stopped.
# usage: bash jobs/quickstart.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

superpose=build/release/bin/superpose
run=runs/quickstart
held_out=data/quickstart_valid.json

# Prints the name of a phase, runs it, prints the time it took. A phase that fails ends the script
# with its exit code.
phase() {
  local name=$1 begin=$SECONDS code=0
  shift
  echo "quickstart: $name"
  "$@" || code=$?
  if [[ $code -eq 75 ]]; then
    echo "quickstart: $name was interrupted after a checkpoint; bash jobs/quickstart.sh goes on" >&2
  elif [[ $code -ne 0 ]]; then
    echo "quickstart: $name failed after $((SECONDS - begin)) s (exit code $code)" >&2
  fi
  [[ $code -eq 0 ]] || exit "$code"
  echo "quickstart: $name took $((SECONDS - begin)) s"
}

build() {
  if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
  cmake --preset release </dev/null &&
    cmake --build --preset release --target superpose --parallel "$(nproc)" </dev/null
}

# generate FILE COUNT SEED: problems of two hops. Prints the last line of the statistics only.
generate() {
  if [[ -e $1 ]]; then
    echo "$1 is there"
    return
  fi
  "$superpose" generate "$1" --count "$2" --seed "$3" --n_nodes 10 --min_hops 2 --max_hops 2 \
    --shuffle_nodes true </dev/null | tail -n 1
}

generate_all() {
  generate data/quickstart_train.json 15000 0 && generate "$held_out" 500 1
}

# Runs the program on two ranks, or one where there is one core.
on_ranks() {
  local ranks=$(($(nproc) < 2 ? 1 : 2))
  export OMP_NUM_THREADS=1  # of OpenBLAS and Kokkos: the ranks fill the cores
  if [[ $EUID -eq 0 ]]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  mpirun -n "$ranks" "$superpose" "$@" </dev/null
}

train() {
  on_ranks train configs/quickstart.toml --resume auto
}

last_checkpoint() {
  local checkpoints=("$run"/checkpoint_*.h5)  # the step is in the name: the last is the newest
  echo "${checkpoints[-1]}"
}

evaluate() {
  "$superpose" evaluate "$(last_checkpoint)" "$held_out" --json "$run/evaluation.json" </dev/null
}

probe() {
  on_ranks probe "$(last_checkpoint)" --data "$held_out" --output "$run/probe.h5" \
    --intervene rescale,swap,nearest_token
}

draw() {
  bash jobs/figures/draw.sh curves "$run" </dev/null &&
    bash jobs/figures/report.sh "$run" --output "$run/report.html" </dev/null
}

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
  problems        data/quickstart_train.json, $held_out
  checkpoints     $run/checkpoint_*.h5
  histories       $run/run.h5
  evaluation      $run/evaluation.json
  inside          $run/probe.h5
  figures         $run/figures/{loss,accuracy,next_node,optimizer}.{png,pdf}
  report          $run/report.html
quickstart: done in $SECONDS s; all paths are in $PWD
EOF
