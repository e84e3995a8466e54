"""Loss and accuracy at the end of each stage, by hop and by hops of the problem, a column a run.

usage: by_stage RUN_DIRECTORY... [--output DIR]

Rows, at the last evaluated epoch of every stage: held-out loss of the next node by hop, beside that
of a uniform guess over the frontier; share of next nodes in the frontier by hop; answers right by
the problem's number of hops. Any two runs (methods, seeds, sizes) stand side by side. Learning
curves: the command curves. Writes by_stage.png and .pdf.
Exit codes: 0 done, 2 usage, 5 no file can be read or written.
"""

from pathlib import Path

import numpy as np

from .. import command
from ..files.hdf5 import Failure, name_apart, skip_unusable
from ..files.measures import HOP, HOPS, Measure
from ..files.run_history import Run
from .methods import title_of
from .style import GREY, MARKERS, REFERENCE, add_legend, panels, save, sequence, share_axis


def load(path):
    run = Run(path)
    if not run.has_answers():
        raise Failure(f"{run.path} has no evaluation (no held-out problems, or none so far); train "
                      "with data.valid and train.eval_every")
    return run


def stage_ends(run):
    """(stage, row of the evaluation) for the last evaluated epoch of each stage."""
    stage = run.evaluation["stage"]
    last = np.r_[np.flatnonzero(np.diff(stage)), len(stage) - 1]
    return stage[last], last


def plot_lines(ax, stages, values, colours, label, numbers, face=None):
    """A line a column of values; labels: `label` and the column's number. face: of the markers."""
    for column, colour, marker, number in zip(values.T, colours, MARKERS * 9, numbers):
        if np.isfinite(column).any():
            ax.plot(stages, column, color=colour, marker=marker, markersize=4,
                    markerfacecolor=face or colour, label=f"{label} {number}")


def plot_loss(ax, run, colours):
    stages, rows = stage_ends(run)
    loss, guess = (run.evaluation[measure][rows]
                   for measure in (Measure.NEXT_NODE_LOSS, Measure.UNIFORM_GUESS_LOSS))
    plot_lines(ax, stages, loss, colours, "hop", run.evaluation[HOP])
    for column, colour in zip(guess.T, colours):
        if np.isfinite(column).any() and column[-1] > 0:
            ax.axhline(column[-1], color=colour, linestyle=REFERENCE["linestyle"], linewidth=0.8)
    if not np.isfinite(loss).any():
        ax.annotate("no thoughts", (0.5, 0.5), xycoords="axes fraction", ha="center", color=GREY)


def draw_run(column, run, hop_colours, hops_colours):
    stages, rows = stage_ends(run)
    loss, frontier, answers = column
    plot_loss(loss, run, hop_colours)
    plot_lines(frontier, stages, run.evaluation[Measure.NEXT_NODE_FRONTIER][rows], hop_colours, "hop",
               run.evaluation[HOP])
    by_hops = run.evaluation[Measure.ACCURACY_BY_HOPS][rows]
    plot_lines(answers, stages, by_hops, hops_colours, "answers, H =", run.evaluation[HOPS],
               face="white")
    answers.plot(stages, run.evaluation[Measure.ACCURACY][rows], color="black", linewidth=1,
                 linestyle=(0, (1, 1)), marker=".", label="answers, all")
    share_axis(frontier)
    share_axis(answers)
    loss.set_xlim(stages[0] - 0.5, stages[-1] + 0.5)  # shared by the three
    loss.set_xticks(stages)


def draw_by_stage(runs):
    fig, axes = panels([title_of(run) for run in runs], 3, [1.8, 1.6, 1.6],
                       "stage (value at its end)")
    hop_colours = sequence(max(len(run.evaluation[HOP]) for run in runs))
    hops_colours = sequence(max(len(run.evaluation[HOPS]) for run in runs))
    for run, *column in zip(runs, *axes):
        draw_run(column, run, hop_colours, hops_colours)
    axes[0, 0].plot([], [], **REFERENCE, label="uniform guess over the frontier")
    axes[0, 0].set_ylim(bottom=0)
    for ax, label in zip(axes[:, 0], ("held-out loss of\nthe next node (nat)",
                                      "next node in the\nfrontier (%)", "answers right (%)")):
        ax.set_ylabel(label)
    add_legend(fig, axes, n_columns=3)
    return fig


def draw(arguments):
    runs = skip_unusable(arguments.runs, load)
    name_apart(runs)
    save(draw_by_stage(runs), command.output_directory(arguments, arguments.runs[0]), "by_stage")


def add_arguments(parser):
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN_DIRECTORY",
                        help="output.directory of a training run")
    command.add_output_option(parser)
    parser.set_defaults(work=draw)
