#!/usr/bin/env bash
# Fuzzes the readers: builds the preset fuzz into build/fuzz, installing Clang where it is missing,
# and lets libFuzzer run each target on inputs that grow out of tests/fuzz/corpus.
# usage: bash tests/fuzz/run.sh [seconds per target] [target...]
#   bash tests/fuzz/run.sh 600 problems checkpoint
# New inputs stay in build/fuzz/corpus/TARGET; MERGE=1 makes the smallest of them that reach the
# same code the corpus of the source tree. Ends with 1 if anything was found; the inputs that do it
# are in build/fuzz/findings/TARGET: once mended they belong into the corpus, named finding_*.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=${1:-60}
targets=("${@:2}")
[[ ${#targets[@]} -gt 0 ]] || targets=(config override sweep problems checkpoint run_file safetensors import)
build=build/fuzz

# Looking for leaks after every input that leaves HDF5 with more memory than before is slow: it is
# done once, at the end of the process.
export ASAN_OPTIONS=quarantine_size_mb=16:malloc_context_size=8

build_targets() {
  bash jobs/install_dependencies.sh clang llvm libclang-rt-dev libomp-dev
  if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
  cmake --preset fuzz
  cmake --build --preset fuzz --parallel "$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)"
}

# One target, for as long as asked. An input that does not come to its end in 10 s is a finding.
# Inputs of the HDF5 targets are lists of changes: short ones, and slow.
fuzz() {
  local target=$1
  local size=(-max_len=8192)
  [[ $target != checkpoint && $target != run_file ]] || size=(-max_len=256 -len_control=0)
  mkdir -p "$build/corpus/$target" "$build/findings/$target"
  "$build/bin/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=3000 \
    "${size[@]}" -detect_leaks=0 -print_final_stats=1 -artifact_prefix="$build/findings/$target/" \
    "$build/corpus/$target" "tests/fuzz/corpus/$target" >"$build/$target.log" 2>&1
}

# A line of the table: inputs run, edges reached, inputs kept as findings.
row() {
  local target=$1 log=$build/$1.log
  printf '%-12s %10s %8s %9s\n' "$target" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
    "$(grep -ao 'cov: [0-9]*' "$log" | tail -n 1 | cut -d' ' -f2)" \
    "$(find "$build/findings/$target" -type f | wc -l)"
}

# Past findings stay under their names; of the other inputs the smallest that reach the same code
# are left. Inputs of more than 2 KB are too much for the source tree.
merge() {
  local target=$1 corpus=tests/fuzz/corpus/$1 merged
  merged=$(mktemp -d)
  "$build/bin/fuzz_$target" -set_cover_merge=1 -use_counters=0 -max_len=2048 "$merged" "$corpus" "$build/corpus/$target" \
    >>"$build/$target.log" 2>&1
  find "$corpus" -type f ! -name 'finding_*' -delete
  cp "$merged"/* "$corpus"
  rm -r "$merged"
}

build_targets
failed=0
for target in "${targets[@]}"; do
  fuzz "$target" || failed=1
  [[ -z ${MERGE:-} ]] || merge "$target"
done
printf '%-12s %10s %8s %9s\n' target inputs edges findings
for target in "${targets[@]}"; do
  row "$target"
done
exit "$failed"
