#!/usr/bin/env bash
# Submits training, evaluation of its last checkpoint, a probe of those it kept, and the report,
# each to start when the one before has succeeded. A requeued training keeps its job id: the others
# wait for its true end. Where one fails, those after it are cancelled.
# usage, in the project's root: bash slurm/chain.sh CONFIG [--section.key value ...]
# Environment: SUPERPOSE_ROOT, that root, elsewhere; SUPERPOSE_TRAINING, the training in words of sbatch
# (the template one_node.sbatch), such as
# "--nodes=4 slurm/several_nodes.sbatch"; SBATCH_PARTITION and the like hold for all four jobs.
set -euo pipefail
source "${SUPERPOSE_ROOT:-$PWD}/slurm/common.sh"

if [[ $# -eq 0 ]]; then
  echo "chain.sh: error: no configuration (usage: bash slurm/chain.sh CONFIG [--section.key value" \
       "...])" >&2
  exit 2
fi
templates=$SUPERPOSE_ROOT/slurm
training=("$templates/one_node.sbatch")
[[ -z ${SUPERPOSE_TRAINING:-} ]] || read -ra training <<<"$SUPERPOSE_TRAINING"

# sbatch_words: options of the training, those of its template before the words that win over them.
sbatch_words() {
  local word
  for word in "${training[@]}"; do
    [[ $word != *.sbatch || ! -r $word ]] || sed -n 's/^#SBATCH //p' "$word"
  done
  echo "${training[*]}"
}

# asked_for NAME LETTER: the last value of an option of sbatch, --NAME=N, --NAME N or -LETTER N.
asked_for() {
  sbatch_words | tr ' =' '\n\n' |
    awk -v long="--$1" -v short="-$2" 'take { value = $0 } { take = $0 == long || $0 == short }
      END { print value }'
}

# ranks: how many the training will have; 1 if its options do not say.
ranks() {
  local tasks nodes by_node
  tasks=$(asked_for ntasks n) nodes=$(asked_for nodes N) by_node=$(asked_for ntasks-per-node '')
  [[ $tasks =~ ^[0-9]+$ ]] || tasks=$((${nodes:-1} * ${by_node:-1}))
  echo "$tasks"
}

if ! command -v "$SUPERPOSE" >/dev/null; then
  echo "chain.sh: error: there is no program $SUPERPOSE; build it, or name one by SUPERPOSE" >&2
  exit 2
fi
configuration=$("$SUPERPOSE" validate "$@" --ranks "$(ranks)")

# setting SECTION KEY: a text of the configuration.
setting() {
  sed -n "/^\[$1\]/,/^\[/ s/^$2 = \"\(.*\)\"/\1/p" <<<"$configuration"
}

# job_id WORDS...: the id in what sbatch --parsable says: "ID" or "ID;CLUSTER", behind any warnings
# (as submit in src/sweep/slurm.cpp reads it).
job_id() {
  local id=''
  [[ $# -eq 0 ]] || id=${!#}
  id=${id%%;*}
  if [[ ! $id =~ ^[0-9]+$ ]]; then
    echo "chain.sh: error: sbatch gave no job id but: $*" >&2
    exit 1
  fi
  echo "$id"
}

# submit NAME WORDS...: puts the job's id into the variable `last`.
submit() {
  local after=() answer words
  [[ -z $last ]] || after=("--dependency=afterok:$last" --kill-on-invalid-dep=yes)
  answer=$(sbatch --parsable "${after[@]}" "${@:2}")
  read -rd '' -a words <<<"$answer" || true  # no zero byte ends them
  last=$(job_id "${words[@]}")
  echo "$1: job $last"
}

last=''
run=$(setting output directory) held_out=$(setting data valid)
if [[ -z $held_out ]]; then
  echo "chain.sh: error: data.valid is empty (evaluation and probe take held-out problems); name" \
       "a file" >&2
  exit 2
fi
if [[ $run$held_out == *\\* ]]; then
  echo "chain.sh: error: output.directory or data.valid holds a quote, a backslash or a control" \
       "character (they are read as the configuration writes them); choose other names" >&2
  exit 2
fi
submit training "${training[@]}" "$@"
# A program for GPUs takes one for evaluation and probe, which then have one rank.
gpu=()
[[ ! $(sbatch_words) =~ --gpus|--gres=gpu ]] || gpu=(--nodes=1 --ntasks-per-node=1 --gpus-per-node=1)
# Thoughts are changed where the method feeds them back.
intervene=()
[[ $(setting method name) != coconut* ]] ||
  intervene=(--intervene rescale,swap,nearest_token,keep_strongest,frontier_span)
submit evaluation "${gpu[@]}" "$templates/evaluate.sbatch" "$run" "$held_out" \
  --json "$run/evaluation.json"
submit probe "${gpu[@]}" "$templates/probe.sbatch" "$run" --data "$held_out" \
  --output "$run/probe.h5" "${intervene[@]}"
submit report "$templates/report.sbatch" "$run" --output "$run/report.html"
echo "at the end: $run/report.html"
