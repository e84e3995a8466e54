"""Strong and weak scaling of the training step, and what larger clusters would make of it.

usage: scaling COLLECTED [--predict RANKS[,RANKS...]] [--latents N] [--latency partners|rounds]
                  [--no_model] [--where AXIS=VALUE ...] [--output DIR]

Reads collected.h5 of a sweep with job = "bench" over nodes or ranks and draws, as PNG and PDF
(scaling_latents<N>): the time of a step with its exposed communication, the speed-up, and where the
time of a step goes. A model of the step (sweep/scaling_model.py) is fitted to what was measured and
predicts other numbers of ranks; what it assumes is written in the figure, its numbers on stdout.
Axes that do not change the number of ranks make a figure a value.
Exit codes: 0 done, 2 usage, 5 a file cannot be read or written, or holds too few measured points.
"""

import argparse
import re
from pathlib import Path

import numpy as np

from .. import command
from ..draw.style import save
from ..files.hdf5 import Failure, UsageError
from . import collected
from .scaling_figure import (SCALINGS, communication_text, deviation_text, draw_scaling, listed,
                             milliseconds, warning_of)
from .scaling_model import LATENCY, Prediction, Steps

RANK_SETTINGS = ("resources.nodes", "resources.ranks_per_node")
MEASURES = ("step", "exposed", "blocking", "one_rank_step")


# --- Reading -------------------------------------------------------------------------------------

def choose_latents(points, wanted):
    """Number of latent tokens of the steps to draw: the largest, unless one is wanted."""
    counts = sorted(int(match[1]) for name in points.measures
                    if (match := re.fullmatch(r"strong_step_(\d+)", name)))
    if not counts:
        raise Failure(f"{points.path} holds no steps (it is no sweep with job = \"bench\"); give a "
                      "collected scaling study; the command sweep draws others")
    if wanted is not None and wanted not in counts:
        raise UsageError(f"{points.path} has no steps of {wanted} latent tokens (it has "
                         f"{', '.join(map(str, counts))}); choose among these")
    return counts[-1] if wanted is None else wanted


def changes_ranks(points, i):
    """Whether the number of ranks differs along axis i."""
    if points.axes[i].setting in RANK_SETTINGS:
        return True
    ranks = np.moveaxis(points.measure("strong_ranks").values, i, -1)
    of_line = [np.unique(line[np.isfinite(line)]) for line in ranks.reshape(-1, ranks.shape[-1])]
    return any(len(different) > 1 for different in of_line)


def setups(points):
    """(label, index) of the points that differ in their ranks only: a slice on those axes."""
    free = [i for i in range(len(points.axes)) if changes_ranks(points, i)]
    lengths = [1 if i in free else n for i, n in enumerate(points.shape)]
    for at in np.ndindex(*lengths):
        fixed = [points.axes[i].labels[k] for i, k in enumerate(at)
                 if i not in free and lengths[i] > 1]
        yield ", ".join(fixed), tuple(slice(None) if i in free else k for i, k in enumerate(at))


def read_steps(points, index, latents):
    """Those of the points at `index` that are done."""
    parts = []
    for scaling in SCALINGS:
        columns = [points.measure(f"{scaling}_ranks").values[index].ravel()]
        columns += [points.measure(f"{scaling}_{name}_{latents}").values[index].ravel()
                    for name in MEASURES]
        parts.append([np.full(columns[0].size, scaling), *columns])
    steps = Steps(*(np.concatenate(column) for column in zip(*parts)))
    return steps.where(np.isfinite(steps.step) & np.isfinite(steps.ranks))


# --- Text ----------------------------------------------------------------------------------------

def print_steps(steps, prediction):
    """Means over the points of the same number of ranks."""
    print(f"  {'scaling':<8}{'ranks':>6}{'step ms':>10}{'exposed ms':>12}{'blocking ms':>13}"
          f"{'efficiency %':>14}{'model ms':>10}")
    for scaling in SCALINGS:
        for count in steps.of(scaling).counts:
            of_count = steps.of(scaling).where(steps.of(scaling).ranks == count)
            work = of_count.ranks if scaling == "strong" else 1
            efficiency = np.mean(of_count.one_rank / of_count.step / work)
            cells = [milliseconds(np.mean(values)) for values in
                     (of_count.step, of_count.exposed, of_count.blocking)]
            model = milliseconds(prediction.model.step(scaling, count)) if prediction else "-"
            print(f"  {scaling:<8}{count:>6.0f}{cells[0]:>10}{cells[1]:>12}{cells[2]:>13}"
                  f"{100 * efficiency:>14.1f}{model:>10}")


def print_model(steps, prediction, predicted):
    model = prediction.model
    print(f"  fitted: serial {milliseconds(model.serial)} ms, shared "
          f"{milliseconds(model.shared)} ms; {deviation_text(model, steps)}")
    print(f"  exposed communication: {communication_text(model, model.exposed)}")
    print(f"  with nothing hidden: {communication_text(model, model.blocking)}")
    if warning_of(model, steps):
        print(f"  {warning_of(model, steps)}")
    for scaling in SCALINGS:
        for count in predicted:
            low, high = prediction.step_range(scaling, count)
            unhidden = model.step(scaling, count, is_hidden=False)
            print(f"  predicted, {scaling}, {count} ranks: "
                  f"{milliseconds(model.step(scaling, count))} ms ({milliseconds(low)} to "
                  f"{milliseconds(high)} if a rank count is left out of the fit; "
                  f"{milliseconds(unhidden)} ms with nothing hidden)")


# --- Command -------------------------------------------------------------------------------------

def draw_setup(arguments, points, label, steps, latents):
    """One figure: the steps that differ in their ranks only."""
    title = ", ".join(filter(None, [points.name, label, f"{latents} latent tokens"]))
    print(f"{title}: {listed(steps.counts)} ranks")
    prediction = None if arguments.no_model else Prediction(steps, arguments.latency)
    predicted = arguments.predict if prediction else []
    print_steps(steps, prediction)
    if prediction:
        print_model(steps, prediction, predicted)
    ending = re.sub(r"\W+", "_", f"_{label}").rstrip("_") if label else ""
    save(draw_scaling(title, steps, prediction, predicted, points.missing()),
         command.output_directory(arguments, arguments.collected),
         f"scaling_latents{latents}{ending}")


def draw_all(arguments):
    points = collected.load(arguments.collected, arguments.where)
    latents = choose_latents(points, arguments.latents)
    if points.missing():
        print(points.missing())
    for label, index in setups(points):
        steps = read_steps(points, index, latents)
        if len(steps.ranks) > 0:
            draw_setup(arguments, points, label, steps, latents)
        else:
            print(f"{label}: nothing is measured, no figure")


def rank_counts(text):
    try:
        return sorted({command.positive(part) for part in text.split(",")})
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no list of numbers such as 64,256") from error


def add_arguments(parser):
    parser.add_argument("collected", type=Path, metavar="COLLECTED",
                        help="collected.h5 of a sweep, or its folder")
    parser.add_argument("--predict", type=rank_counts, default=[], metavar="RANKS",
                        help="numbers of ranks, with commas")
    parser.add_argument("--latents", type=int, metavar="N",
                        help="steps of so many latent tokens (default: the most there are)")
    parser.add_argument("--latency", choices=LATENCY, default="partners",
                        help="what latency grows with: the P - 1 partners of a rank, as in "
                             "src/distributed/bucket_sum.hpp, or the ceil(log2 P) rounds of a tree "
                             "(default: partners)")
    parser.add_argument("--no_model", action="store_true", help="draw what was measured alone")
    collected.add_where_option(parser)
    command.add_output_option(parser)
    parser.set_defaults(work=draw_all)
