#!/usr/bin/env bash
# On a machine with a GPU: builds the preset `cuda` (unless --build names a finished one), tests, checks
# memory accesses, measures, trains the papers' run, and prints a short table. Under ten
# minutes where a finished build is given.
# The steps that tell most come first, and the table is printed also if the run is cut off.
# usage: bash tests/gpu/measure.sh [--build DIRECTORY] [--output DIRECTORY] [--train_seconds N]
#            [--published CHECKOUT] [--python PYTHON] [-DKokkos_ROOT=... and other arguments of cmake]
#   --published  a checkout of the published PyTorch code, timed beside it on the same GPU
#   --python     with h5py, and for --published with torch for CUDA and transformers (default: python3)
# Every step is done whatever becomes of the others; the exit code is 1 if one failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

build=build/cuda output=build/gpu_report published="" python=python3 train_seconds=180 cmake_arguments=()
prebuilt=no
while (($#)); do
  case $1 in
    --build) build=$2 prebuilt=yes; shift 2 ;;
    --output) output=$2; shift 2 ;;
    --published) published=$2; shift 2 ;;
    --python) python=$2; shift 2 ;;
    --train_seconds) train_seconds=$2; shift 2 ;;
    -D*) cmake_arguments+=("$1"); shift ;;
    *) echo "measure.sh: unknown argument $1 (see the head of this file)" >&2; exit 2 ;;
  esac
done
mkdir -p "$output"
: > "$output/steps.tsv"
superpose=$build/bin/superpose

# step NAME SECONDS COMMAND...: runs it with a limit, its output in NAME.log; notes how it ended.
step() {
  local name=$1 limit=$2 begin=$SECONDS code
  shift 2
  echo "== $name" >&2
  timeout --kill-after=10 "$limit" "$@" > "$output/$name.log" 2>&1 < /dev/null
  code=$?
  printf '%s\t%s\t%s\n' "$name" "$code" "$((SECONDS - begin))" >> "$output/steps.tsv"
  return $code
}

build_all() {
  cmake --preset cuda "$@" && cmake --build --preset cuda --parallel "$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)"
}

make_problems() {
  "$superpose" generate "$output/train.json" --count 14785 --seed 1 &&
    "$superpose" generate "$output/valid.json" --count 257 --seed 2
}

# The papers' run; a GPU's rank computes its batch as one leaf. Code 75 where time was too short.
train_paper() {
  rm -rf "$output/run"
  "$superpose" train configs/prosqa_coconut.toml --data.train "$output/train.json" \
    --data.valid "$output/valid.json" --model.precision bf16 --train.leaves 1 \
    --train.eval_every 25 --record.every 0 --output.checkpoint_every 100 \
    --output.directory "$output/run" --max_time "$(date -u -d "@$train_seconds" +%T)"
}

time_published() {
  "$python" tests/peer/time_published.py --device cuda --published "$published" \
    --superpose "$superpose" --problems "$output/train.json" --batch 128 --steps 10 --rounds 1 \
    --threads 1 --json "$output/published.json"
}

export superpose output published python train_seconds
export -f build_all make_problems train_paper time_published

# So that a run that is cut off leaves what it has.
trap '"$python" tests/gpu/report.py "$output"' EXIT

[[ $prebuilt == yes ]] || step build 1500 bash -c 'build_all "$@"' build_all "${cmake_arguments[@]}"
step version 30 "$superpose" --version
step device 30 nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
step kernels 90 ctest --test-dir "$build" -R '^kernels$' --no-tests=error --output-on-failure
for precision in bf16 f32; do
  step "bench_$precision" 60 "$superpose" bench --model.precision "$precision" --train.leaves 1 \
    --train.batch_size 256 --steps 20 --warmup 5 --json "$output/bench_$precision.json"
done
step data 60 bash -c make_problems
step train $((train_seconds + 30)) bash -c train_paper
step evaluate 60 "$superpose" evaluate "$output/run" "$output/valid.json" \
  --json "$output/evaluation.json"
[[ -z $published ]] || step published 120 bash -c time_published
if command -v compute-sanitizer > /dev/null; then
  step memcheck 60 compute-sanitizer --tool memcheck --error-exitcode 9 "$build/bin/kernels" \
    --gtest_filter='AttentionOwnRows*:AttentionTiles*:*Linear*:*LayerNorm*:*Embedding*'
  step racecheck 60 compute-sanitizer --tool racecheck --error-exitcode 9 "$build/bin/kernels" \
    --gtest_filter='AttentionTiles*:*LayerNorm*:*CrossEntropy*'
fi
step tests 400 ctest --test-dir "$build" -L gpu -E '^kernels$' --no-tests=error --output-on-failure
! grep -qvE $'\t(0|75)\t' "$output/steps.tsv"
