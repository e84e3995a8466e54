"""How long trainings took until their answers stayed right, as JSON.

usage: time_to_accuracy RUN... [--idle RUN] [--threshold SHARE] [--output DIR]

RUN is a run directory; all are of one method and size, and differ in the seed (of one seed the run
with the most steps counts). A run has reached the threshold at the first evaluated epoch from which
on the held-out answers never fall below it, if it was evaluated 3 times or more from there to its
end; otherwise it has not. Its steps until then are counted at the seconds of a step on an otherwise
idle machine: the median of each stage in the run --idle, which was trained by the same program with
the same settings while nothing else ran (without it, in the run itself). Epochs are counted from
their beginning; evaluations and checkpoints are left out. wall_minutes: what the epochs took in
fact, evaluations included, whatever ran beside them. tflop: of all steps of the run, as the model
needs them (io/FORMAT.md, steps/operations); gflops_per_core: at the seconds of idle, whose ranks
(cores) compute on one core each.
zero_latents: accuracy without thoughts, from a zero_latents.json in the run directory (superpose
evaluate RUN DATA --latents 0 --json RUN/zero_latents.json). interventions: what changing every
thought does to the answers, from a probe.h5 in the run directory (superpose probe --intervene).
Prints a line a run, then median and worst, where a run that has not reached the threshold took
forever (null if that is the median); --output writes time_to_accuracy.json, and answers and
frontier over the minutes as time_to_accuracy.png and .pdf.
Exit codes: 0 done, 2 usage, 5 a file cannot be read or written, or holds a part of a training.
"""

import json
import math
import statistics
from pathlib import Path

import numpy as np

from .. import command
from ..draw.interventions import full_effects
from ..draw.methods import key_of
from ..draw.style import save
from ..draw.time_to_accuracy import draw_time_to_accuracy
from ..files.evaluation_file import open_results, results_in
from ..files.hdf5 import Failure
from ..files.measures import Measure
from ..files.output import write_json
from ..files.probe_file import Probe
from ..files.run_history import Run

LEAST_EVALUATIONS = 3  # at or above the threshold, to the end of the run


def first_that_stays(values, threshold, least=LEAST_EVALUATIONS):
    """The first index from which on no value is below the threshold, None if there is none or fewer
    than `least` values follow from it."""
    below = np.flatnonzero(~(np.asarray(values) >= threshold))  # NaN is below
    first = 0 if len(below) == 0 else int(below[-1]) + 1
    return first if len(values) - first >= least else None


# --- Times ----------------------------------------------------------------------------------------

class Pace:
    """Seconds of a step by stage, and the run that they are of."""

    def __init__(self, run):
        stages, seconds = run.steps["stage"], run.steps["seconds"]
        self.path, self.attributes = run.path, run.attributes
        self.by_stage = {int(s): float(np.median(seconds[stages == s])) for s in np.unique(stages)}

    def seconds(self, run):
        """Of each step of a run."""
        if unknown := sorted({int(s) for s in run.steps["stage"]} - set(self.by_stage)):
            raise Failure(f"{self.path} has no steps of stage {unknown[0]}, which {run.path} has; "
                          "train the idle run through all stages")
        return np.array([self.by_stage[int(stage)] for stage in run.steps["stage"]])

    def ranks(self):
        return int(self.attributes["n_ranks"])

    def step_seconds(self):
        return {str(s): rounded(value, 4) for s, value in self.by_stage.items()}

    def entry(self):
        """What the record says of it."""
        return {"ranks": self.ranks(), "commit": self.attributes["git_hash"],
                "step_seconds": self.step_seconds()}


def minutes_by_epoch(run, pace):
    """Minutes at this pace until the end of each evaluated epoch."""
    return np.cumsum(pace.seconds(run))[run.rows_of_evaluations()] / 60


def wall_minutes(run):
    """What the epochs took, of a resumed one at least its steps."""
    of_steps = np.bincount(run.steps["epoch"], run.steps["seconds"])
    of_epochs = np.zeros_like(of_steps)
    of_epochs[run.epochs["epoch"]] = run.epochs["seconds"]
    return float(np.sum(np.maximum(of_steps, of_epochs)) / 60)


# --- What lies beside run.h5 ----------------------------------------------------------------------

def zero_latents_in(folder):
    """Accuracy without thoughts of the run in a directory, or None where it was not measured."""
    path = folder / "zero_latents.json"
    if not path.exists():
        return None
    with open_results(path) as document:
        results = {result["latents"]: result for result in results_in(document, path)}
        if 0 not in results:
            raise Failure(f"{path} has no result with 0 latent tokens; write it with --latents 0")
        return results[0][Measure.ACCURACY]


def interventions_of(run):
    """{intervention: what it does to the answers when all of every thought is changed} at the last
    checkpoint that was probed, or None where there is no probe with interventions."""
    path = run.path.parent / "probe.h5"
    probe = Probe(path) if path.exists() else None
    if probe is None or not probe.interventions:
        return None
    return {name: {"strength": float(strength), "problems": problems, "before": rounded(before, 4),
                   "after": rounded(after, 4)}
            for name, (strength, problems, before, after) in full_effects(probe).items()}


# --- The record -----------------------------------------------------------------------------------

def rounded(value, digits):
    return None if value is None or not np.isfinite(value) else round(float(value), digits)


def until(what, threshold):
    """Key of the steps, epochs or minutes until the threshold: "minutes_to_98"."""
    return f"{what}_to_{100 * threshold:g}"


def reached_by(run, pace, threshold):
    """When a run reached the threshold, None throughout where it has not."""
    at = first_that_stays(run.evaluation[Measure.ACCURACY], threshold)
    found = {"steps": None, "epochs": None, "minutes": None} if at is None else {
        "steps": int(run.steps["step"][run.rows_of_evaluations()[at]]),
        "epochs": int(run.evaluation["epoch"][at]) + 1,
        "minutes": rounded(minutes_by_epoch(run, pace)[at], 1)}
    return {until(what, threshold): value for what, value in found.items()}


def work_of(run, pace):
    """Operations of all steps, and how many a second a core does at this pace: a rank computes on
    one."""
    work = {"tflop": None, "gflops_per_core": None, "cores": pace.ranks()}
    if "operations" in run.steps:
        operations = float(np.sum(run.steps["operations"]))
        rate = operations / np.sum(pace.seconds(run)) / pace.ranks()
        work.update(tflop=rounded(operations / 1e12, 1), gflops_per_core=rounded(rate / 1e9, 1))
    return work


def entry_of(run, pace, threshold):
    """The record of one run: what it reached at its end, and when it reached the threshold."""
    last = {measure: run.evaluation[measure][-1] for measure in Measure
            if measure in run.evaluation}
    return {
        "seed": run.configuration["train"]["seed"],
        "accuracy": rounded(last[Measure.ACCURACY], 4),
        "equal_depth_accuracy": rounded(last[Measure.ACCURACY_EQUAL_DEPTH], 4),
        "frontier": [rounded(share, 4) for share in last[Measure.NEXT_NODE_FRONTIER]],
        "zero_latents": rounded(zero_latents_in(run.path.parent), 4),
        **reached_by(run, pace, threshold),
        "epochs": len(run.epochs["epoch"]),
        "steps": int(run.steps["step"][-1]),
        "step_seconds_idle": pace.step_seconds(),
        "idle": pace.entry(),
        "wall_minutes": rounded(wall_minutes(run), 1),
        **work_of(run, pace),
        "interventions": interventions_of(run),
        "ranks": int(run.attributes["n_ranks"]),
        "commit": run.attributes["git_hash"],
    }


def finite(value):
    return value if math.isfinite(value) else None


def summary_of(entries, threshold):
    """Over all runs: one that has not reached the threshold takes forever, one without an answer
    has none right."""
    minutes = [e[until("minutes", threshold)] for e in entries]
    minutes = [math.inf if m is None else m for m in minutes]
    accuracies = [e["accuracy"] or 0.0 for e in entries]
    return {"runs": len(entries), "reached": sum(map(math.isfinite, minutes)),
            "median_minutes": finite(statistics.median(minutes)),
            "worst_minutes": finite(max(minutes)),
            "median_accuracy": statistics.median(accuracies), "worst_accuracy": min(accuracies)}


def line_of(entry, threshold):
    epochs, minutes = (entry[until(what, threshold)] for what in ("epochs", "minutes"))
    reached = "not reached" if epochs is None else f"after {epochs} epochs, {minutes} min"
    return (f"  seed {entry['seed']:>3}  accuracy {percent(entry['accuracy'])}, equally deep "
            f"{percent(entry['equal_depth_accuracy'])}; threshold {reached}")


def percent(share):
    return "-" if share is None else f"{100 * share:.1f} %"


def require_whole(run):
    """A record is of whole trainings: a branch does not know what came before it."""
    if run.branch_step:
        raise Failure(f"{run.path} begins at step {run.branch_step} (it is a branch of another "
                      "run, whose steps it does not hold); give runs that begin at step 1")
    if not run.has_answers():
        raise Failure(f"{run.path} has no held-out answers; train with data.valid")


def runs_of_seeds(paths):
    """One run a seed, in the order of seeds: that of the most steps."""
    latest = {}
    for run in sorted(map(Run, paths), key=lambda run: run.steps["step"][-1]):
        require_whole(run)
        seed = run.configuration["train"]["seed"]
        if seed in latest:
            print(f"  {latest[seed].path}: left out, {run.path} is of the same seed {seed}")
        latest[seed] = run
    runs = [latest[seed] for seed in sorted(latest)]
    for run in runs[1:]:
        if key_of(run.configuration) != key_of(runs[0].configuration):
            raise Failure(f"{runs[0].path} and {run.path} differ in method or size (seeds of one are "
                          "recorded together); record them apart")
    return runs


def write_record(arguments):
    runs = runs_of_seeds(arguments.runs)
    idle = Pace(Run(arguments.idle)) if arguments.idle else None
    paces = [idle or Pace(run) for run in runs]
    entries = [entry_of(run, pace, arguments.threshold) for run, pace in zip(runs, paces)]
    document = {"threshold": arguments.threshold, "data_hash_valid":
                sorted({run.attributes.get("data_hash_valid", "") for run in runs}),
                "runs": entries, "summary": summary_of(entries, arguments.threshold)}
    lines = [line_of(entry, arguments.threshold) for entry in entries]
    print(*lines, json.dumps(document["summary"]), sep="\n")
    if arguments.output:
        outputs = command.outputs_of(arguments, arguments.output)
        write_json(outputs, "time_to_accuracy.json", document)
        minutes = [minutes_by_epoch(run, pace) for run, pace in zip(runs, paces)]
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
