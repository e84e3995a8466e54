#!/usr/bin/env bash
# The papers' methods at the published graph size with the recipe of configs/prosqa_fast.toml: a sweep of methods
# and seeds on the cores of this machine or on a batch system, then evaluations (with and without thoughts), probes,
# interventions, figures and a report. Called again, it goes on where it stopped.
# usage: bash jobs/reproduce.sh [--seeds N] [--methods LIST] [--valid FILE] [--config FILE] [--directory DIR]
#                               [--scheduler NAME] [--plan]
#   --seeds N        seeds 1 to N of every method (3)
#   --methods LIST   of coconut, coconut_bfs_sample, coconut_bfs_loss, cot, no_cot, pause, cot_12layer,
#                    separated by commas (all of them)
#   --valid FILE     held-out problems (257 generated ones of the published size)
#   --config FILE    another recipe than configs/prosqa_fast.toml
#   --directory DIR  where everything goes (runs/reproduce); problem files that are there are taken
#   --scheduler NAME slurm, flux, pbs or lsf: submits the trainings, a core each, and ends; called again after
#                    them, it measures what they learned
#   --plan           say what would run, and for how long once a point is done
# SUPERPOSE=PROGRAM in the environment: that program, in place of one that is built here.
set -euo pipefail
here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

superpose=${SUPERPOSE:-$PWD/build/release/bin/superpose}
all_methods=coconut,coconut_bfs_sample,coconut_bfs_loss,cot,no_cot,pause,cot_12layer
seeds=3 methods=$all_methods valid='' config=$PWD/configs/prosqa_fast.toml
directory=$PWD/runs/reproduce scheduler='' plan=''
cores=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)  # which nproc would obey

usage_error() {
  echo "reproduce.sh: error: $1; bash jobs/reproduce.sh --help says what it takes" >&2
  exit 2
}

absolute() { [[ $1 == /* ]] && echo "$1" || echo "$here/$1"; }

parse_arguments() {
  while (($# > 0)); do
    if [[ $1 == --help ]]; then
      sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' jobs/reproduce.sh
      exit 0
    fi
    if [[ $1 == --plan ]]; then
      plan=1
      shift
      continue
    fi
    [[ $1 =~ ^--(seeds|methods|valid|config|directory|scheduler)$ ]] || usage_error "unknown option $1"
    (($# > 1)) || usage_error "$1 has no value"
    case $1 in
      --seeds) seeds=$2 ;;
      --methods) methods=$2 ;;
      --valid) valid=$(absolute "$2") ;;
      --config) config=$(absolute "$2") ;;
      --directory) directory=$(absolute "$2") ;;
      --scheduler) scheduler=$2 ;;
    esac
    shift 2
  done
  [[ $seeds =~ ^[1-9][0-9]{0,3}$ ]] || usage_error "--seeds $seeds is not a number from 1 to 9999"
  [[ -z $valid || -f $valid ]] || usage_error "there is no file $valid (--valid)"
  [[ -f $config ]] || usage_error "there is no file $config (--config)"
  [[ $scheduler =~ ^(slurm|flux|pbs|lsf|)$ ]] || usage_error "unknown batch system $scheduler (--scheduler)"
  local method
  for method in ${methods//,/ }; do
    [[ ,$all_methods, == *,$method,* ]] || usage_error "unknown method $method (--methods)"
  done
}

# generate FILE OPTION...
generate() {
  [[ -e $1 ]] || "$superpose" generate "$@" --shuffle_nodes true </dev/null | tail -n 1
}

# The same problems for all methods and seeds (configs/prosqa_fast.toml).
generate_all() {
  mkdir -p "$directory"
  generate "$directory/small.json" --count 48000 --seed 11 --n_nodes 8:24 --min_hops 2 --max_hops 4
  generate "$directory/published_size.json" --count 24000 --seed 12
  [[ -n $valid ]] || valid=$directory/valid.json
  generate "$valid" --count 257 --seed 13
}

# The settings of a method as fields of a sweep's point. cot and no_cot have neither thoughts nor stages.
settings_of() {
  local without='method.supervise = "last", curriculum.stage_end = "epochs", optimizer.stage_lr = []'
  case $1 in
    coconut) echo 'method.name = "coconut"' ;;
    coconut_bfs_sample | pause) echo "method.name = \"$1\"" ;;
    coconut_bfs_loss) echo 'method.name = "coconut_bfs_loss", method.exact_frontier = true' ;;
    cot | no_cot) echo "method.name = \"$1\", $without" ;;
    cot_12layer) echo "method.name = \"cot\", $without, model.n_layer = 12" ;;
  esac
}

# A TOML string.
quoted() {
  local text=${1//\\/\\\\}
  echo "\"${text//\"/\\\"}\""
}

write_sweep() {
  {
    echo "# Written by jobs/reproduce.sh."
    echo "[sweep]"
    echo "base = $(quoted "$config")"
    echo "seeds = $seeds"
    echo "directory = $(quoted "$directory/sweep")"
    echo "[data]"
    echo "train = [$(quoted "$directory/small.json"), $(quoted "$directory/published_size.json")]"
    echo "valid = $(quoted "$valid")"
    echo "[resources]"
    echo 'time = "24:00:00"'
    echo "[[axis]]"
    echo 'name = "method"'
    echo "points = ["
    local method
    for method in ${methods//,/ }; do
      echo "  { label = \"$method\", $(settings_of "$method") },"
    done
    echo "]"
  } >"$sweep"
}

# Trains the points here, or has them trained: then the script ends here until all of them are done.
train() {
  if [[ -z $scheduler ]]; then
    "$superpose" sweep submit "$sweep" --local "$cores" --scripts "$PWD/slurm"
    return
  fi
  "$superpose" sweep submit "$sweep" --scheduler "$scheduler" --scripts "$PWD/slurm"
  "$superpose" sweep status "$sweep"
  if ! "$superpose" sweep status "$sweep" --json | is_done; then
    echo "reproduce: call the same command again when all points are done (failed ones: superpose sweep resubmit $sweep)"
    exit 0
  fi
}

# Whether all points are, of the status as JSON.
is_done() {
  python3 -c 'import json, sys; n = json.load(sys.stdin)["counts"]; sys.exit(n["done"] < sum(n.values()))'
}

# Evaluation without thoughts, and a probe with interventions, of a point that is done.
look_inside() {
  local point=$1
  grep -q '"coconut\|"pause' "$point/config.toml" || return 0
  [[ -e $point/zero_latents.json ]] ||
    "$superpose" evaluate "$point" "$valid" --latents 0 --json "$point/zero_latents.json" </dev/null >/dev/null
  grep -q '"coconut' "$point/config.toml" || return 0
  [[ -e $point/probe.h5 ]] ||
    "$superpose" probe "$point" --data "$valid" --output "$point/probe.h5" \
      --intervene rescale,swap,nearest_token,keep_strongest,frontier_span </dev/null >/dev/null
}

build() {
  bash jobs/install_dependencies.sh
  cmake --preset release </dev/null >/dev/null
  cmake --build --preset release --target superpose --parallel "$cores" </dev/null
}

parse_arguments "$@"
sweep=$directory/sweep.toml
if [[ -z ${SUPERPOSE:-} && -z $plan ]]; then build; fi
command -v "$superpose" >/dev/null ||
  usage_error "there is no program $superpose to plan with; build it, or name one by SUPERPOSE"
if [[ $EUID -eq 0 ]]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
generate_all
write_sweep
if [[ -n $plan ]]; then exec "$superpose" sweep plan "$sweep"; fi
train
"$superpose" sweep collect "$sweep"
evaluations=("$directory"/sweep/points/*/evaluation.json)
points=("${evaluations[@]%/*}")
for point in "${points[@]}"; do
  look_inside "$point"
done
# --force: of fewer seeds or methods they are ours, too.
bash jobs/figures/draw.sh methods_record "${points[@]}" --output "$directory" --force
bash jobs/figures/draw.sh methods "${points[@]}" --output "$directory/figures" --force
bash jobs/figures/report.sh "${points[@]}" --output "$directory/report.html" --force
echo "reproduce: methods in $directory/methods.json, figures in $directory/figures, report $directory/report.html"
