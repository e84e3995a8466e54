"""How long trainings took until their answers stayed right, as JSON.

usage: time_to_accuracy RUN... [--idle RUN] [--threshold SHARE] [--output DIR]

RUN is a run directory. A run has reached the threshold at the first evaluated epoch from which on
the held-out answers never fall below it. Its steps until then are counted at the seconds of a step
on an otherwise idle machine: the median of each stage in the run --idle, which was trained by the
same program with the same settings while nothing else ran (without it, in the run itself). Epochs
are counted from their beginning; evaluations and checkpoints are left out. tflop: of all steps of the
run, as the model needs them (io/FORMAT.md, steps/operations). zero_latents: accuracy without
thoughts, from a zero_latents.json in the run directory (superpose evaluate RUN DATA --latents 0
--json RUN/zero_latents.json). Prints a line a run, then median and worst; --output writes
time_to_accuracy.json, and answers and frontier over the minutes as time_to_accuracy.png and .pdf.
Exit codes: 0 done, 2 usage, 5 a file cannot be read or written.
"""

import json
import statistics
from pathlib import Path

import numpy as np

from .. import command
from ..draw.style import save
from ..draw.time_to_accuracy import draw_time_to_accuracy
from ..files.evaluation_file import read_json
from ..files.hdf5 import Failure
from ..files.measures import Measure
from ..files.output import write_json
from ..files.run_history import Run


def first_that_stays(values, threshold):
    """The first index from which on no value is below the threshold, None if there is none."""
    below = np.flatnonzero(~(np.asarray(values) >= threshold))  # NaN is below
    first = 0 if len(below) == 0 else int(below[-1]) + 1
    return first if first < len(values) else None


def seconds_by_stage(run):
    """The median step of each stage."""
    stages, seconds = run.steps["stage"], run.steps["seconds"]
    return {int(s): float(np.median(seconds[stages == s])) for s in np.unique(stages)}


def steps_by_epoch(run):
    """Number of steps until the end of each evaluated epoch."""
    return np.searchsorted(run.steps["epoch"], run.evaluation["epoch"], side="right")


def minutes_by_epoch(run, by_stage):
    """Minutes at these seconds by stage until the end of each evaluated epoch."""
    seconds = np.cumsum([by_stage[int(stage)] for stage in run.steps["stage"]])
    return seconds[steps_by_epoch(run) - 1] / 60


def zero_latents_of(run):
    """Accuracy without thoughts, or None where it was not measured."""
    path = run.path.parent / "zero_latents.json"
    if not path.exists():
        return None
    results = {result["latents"]: result for result in read_json(path)["results"]}
    if 0 not in results:
        raise Failure(f"{path} has no result with 0 latent tokens; write it with --latents 0")
    return results[0]["accuracy"]


def rounded(value, digits):
    return None if value is None else round(float(value), digits)


def entry_of(run, by_stage, threshold):
    """The record of one run: what it reached at its end, and when it reached the threshold."""
    if not run.has_answers():
        raise Failure(f"{run.path} has no held-out answers; train with data.valid")
    last = {measure: run.evaluation[measure][-1] for measure in Measure
            if measure in run.evaluation}
    at = first_that_stays(run.evaluation[Measure.ACCURACY], threshold)
    reached = at is not None
    operations = run.steps.get("operations")
    return {
        "seed": run.configuration["train"]["seed"],
        "accuracy": rounded(last[Measure.ACCURACY], 4),
        "equal_depth_accuracy": rounded(last[Measure.ACCURACY_EQUAL_DEPTH], 4),
        "frontier": [rounded(share, 4) for share in last[Measure.NEXT_NODE_FRONTIER]],
        "zero_latents": rounded(zero_latents_of(run), 4),
        "steps_to_threshold": int(steps_by_epoch(run)[at]) if reached else None,
        "epochs_to_threshold": int(run.evaluation["epoch"][at]) + 1 if reached else None,
        "minutes_to_threshold": rounded(minutes_by_epoch(run, by_stage)[at], 1) if reached else None,
        "epochs": len(run.epochs["epoch"]),
        "steps": len(run.steps["step"]),
        "step_seconds_idle": {str(s): rounded(value, 4) for s, value in by_stage.items()},
        "tflop": rounded(None if operations is None else np.sum(operations) / 1e12, 1),
        "ranks": int(run.attributes["n_ranks"]),
        "commit": run.attributes["git_hash"],
    }


def summary_of(entries):
    reached = [e["minutes_to_threshold"] for e in entries if e["minutes_to_threshold"] is not None]
    accuracies = [e["accuracy"] for e in entries]
    return {"runs": len(entries), "reached": len(reached),
            "median_minutes": statistics.median(reached) if reached else None,
            "worst_minutes": max(reached) if len(reached) == len(entries) else None,
            "median_accuracy": statistics.median(accuracies), "worst_accuracy": min(accuracies)}


def line_of(entry):
    reached = ("not reached" if entry["steps_to_threshold"] is None else
               f"after {entry['epochs_to_threshold']} epochs, {entry['minutes_to_threshold']} min")
    return (f"  seed {entry['seed']:>3}  accuracy {100 * entry['accuracy']:.1f} %, equally deep "
            f"{100 * entry['equal_depth_accuracy']:.1f} %; threshold {reached}")


def idle_seconds(path, runs):
    """Seconds by stage of the idle run, which has all stages of the runs."""
    by_stage = seconds_by_stage(Run(path))
    for run in runs:
        if unknown := sorted({int(s) for s in run.steps["stage"]} - set(by_stage)):
            raise Failure(f"{path} has no steps of stage {unknown[0]}, which {run.path} has; train "
                          "the idle run through all stages")
    return by_stage


def write_record(arguments):
    runs = [Run(path) for path in arguments.runs]
    idle = idle_seconds(arguments.idle, runs) if arguments.idle else None
    seconds = [idle or seconds_by_stage(run) for run in runs]
    entries = [entry_of(run, s, arguments.threshold) for run, s in zip(runs, seconds)]
    entries.sort(key=lambda entry: entry["seed"])
    document = {"threshold": arguments.threshold, "data_hash_valid":
                sorted({run.attributes.get("data_hash_valid", "") for run in runs}),
                "runs": entries, "summary": summary_of(entries)}
    print(*map(line_of, entries), json.dumps(document["summary"]), sep="\n")
    if arguments.output:
        outputs = command.outputs_of(arguments, arguments.output)
        write_json(outputs, "time_to_accuracy.json", document)
        minutes = [minutes_by_epoch(run, s) for run, s in zip(runs, seconds)]
        save(draw_time_to_accuracy(runs, minutes, arguments.threshold), outputs,
             "time_to_accuracy")


def share(text):
    value = float(text)
    if not 0 < value <= 1:
        raise ValueError(text)
    return value


def add_arguments(parser):
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run directory")
    parser.add_argument("--idle", type=Path, metavar="RUN",
                        help="a run that was trained on an idle machine")
    parser.add_argument("--threshold", type=share, default=0.98, metavar="SHARE",
                        help="share of held-out answers (default: %(default)s)")
    command.add_output_option(parser, "where the record and its figure go")
    parser.set_defaults(work=write_record)
