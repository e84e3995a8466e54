"""Draws the learning curves of one or several training runs, a column a run.

usage: curves RUN_DIRECTORY... [--output DIR]

Reads run.h5 of each run (layout: io/FORMAT.md) and writes, as PNG and PDF:
  loss         training loss by step, with the loss of a uniform guess over the frontier
  accuracy     held-out answers by epoch
  next_node    held-out predictions of the next node by epoch and hop
  optimizer    gradient norm and learning rate by step
Exit codes: 0 done, 2 usage, 5 a file cannot be read or written.
"""

from pathlib import Path

from matplotlib import ticker
import numpy as np

from .. import command
from ..files.hdf5 import name_apart
from ..files.measures import Measure
from ..files.run_history import Run, stages_by_epoch, stages_by_step
from .style import (BLUE, GREEN, NEAR_ONE, ORANGE, REFERENCE, add_legend, mark_stages, names,
                    near_one_axis, panels, save, sequence, share_axis, whole_numbers)


def centred_mean(values, window):
    """Mean over the `window` (odd) values around each one; over fewer at the ends."""
    def sums(x):
        return np.convolve(x, np.ones(window))[window // 2:window // 2 + len(x)]
    return sums(values) / sums(np.ones_like(values))


def plot_smoothed(ax, run, column, colour):
    step, values = run.steps["step"], run.steps[column]
    window = len(values) // 200 * 2 + 1  # a hundredth of the run
    if window == 1:
        ax.plot(step, values, color=colour, label="each step")
        return
    ax.plot(step, values, color=colour, alpha=0.3, linewidth=0.5, label="each step")
    # A mean across two stages would hide where they meet.
    for _, begin, end in stages_by_step(run) or [(0, 0, step[-1])]:
        inside = (begin < step) & (step <= end)
        ax.plot(step[inside], centred_mean(values[inside], window), color=colour,
                label=f"mean of {window} steps")


def plot_epochs(ax, run, values, **style):
    marker = "o" if len(values) <= 60 else None
    ax.plot(run.evaluation["epoch"] + 1, values, marker=marker, **style)
    ax.set_xlim(left=0)


def plot_uniform_guess(ax, run):
    """The held-out loss of a uniform guess over the frontier, in each stage that predicts one."""
    guesses = run.evaluation[Measure.UNIFORM_GUESS_LOSS]
    for stage, begin, end in stages_by_step(run):
        if stage >= guesses.shape[1] or not guesses[-1, stage] > 0:
            continue
        ax.plot([begin, end], [guesses[-1, stage]] * 2, **REFERENCE,
                label="uniform guess over the frontier")


def draw_loss(runs):
    fig, axes = panels(names(runs), 1, [2.5], "optimiser step")
    for run, ax in zip(runs, axes[0]):
        plot_smoothed(ax, run, "loss", BLUE)
        if run.has_answers():
            plot_uniform_guess(ax, run)
        mark_stages(ax, stages_by_step(run))
    axes[0, 0].set_ylabel("training loss (nat)")
    axes[0, 0].set_ylim(bottom=0)
    whole_numbers(axes)
    add_legend(fig, axes)
    return fig


ANSWERS = [(Measure.ACCURACY, BLUE, "all problems"),
           (Measure.ACCURACY_EQUAL_DEPTH, ORANGE, "equally deep candidates"),
           (Measure.CANDIDATE_ACCURACY, GREEN, "all, better of the two candidates")]


def draw_accuracy(runs):
    """The upper end of the axis has a row of its own once answers are there."""
    near_one = any(np.nanmax(run.evaluation[Measure.ACCURACY]) > NEAR_ONE for run in runs)
    heights = [2.2, 1.7] if near_one else [2.5]
    fig, axes = panels(names(runs), len(heights), heights, "epochs completed")
    for row, (axis, numbers) in zip(axes, ((share_axis, True), (near_one_axis, False))):
        for run, ax in zip(runs, row):
            for zorder, (column, colour, label) in zip((4, 3, 2), ANSWERS):
                plot_epochs(ax, run, run.evaluation[column], color=colour, label=label,
                            zorder=zorder)
            ax.axhline(0.5, **REFERENCE, zorder=0, label="guess between the two candidates")
            axis(ax)
            mark_stages(ax, stages_by_epoch(run), numbers=numbers)
        row[0].set_ylabel("held-out answers\nright (%)")
    whole_numbers(axes)
    add_legend(fig, axes, n_columns=2)
    return fig


def draw_next_node(runs):
    fig, axes = panels(names(runs), 2, [1.9, 1.9], "epochs completed")
    rows = [(Measure.NEXT_NODE_FRONTIER, "in the frontier (%)"),
            (Measure.NEXT_NODE_OPTIMAL, "on a shortest path (%)")]
    n_hops = max(len(run.evaluation["hop"]) for run in runs)
    colours = sequence(n_hops)
    for (column, label), row in zip(rows, axes):
        row[0].set_ylabel(label)
        for run, ax in zip(runs, row):
            for k, hop in enumerate(run.evaluation["hop"]):
                values = run.evaluation[column][:, k]
                if np.isfinite(values).any():
                    plot_epochs(ax, run, values, color=colours[k], label=f"hop {hop}")
            share_axis(ax)
            mark_stages(ax, stages_by_epoch(run), numbers=ax in axes[0])
    whole_numbers(axes)
    add_legend(fig, axes)
    return fig


def draw_optimizer(runs):
    fig, axes = panels(names(runs), 2, [2.1, 1.1], "optimiser step")
    for run, norm, rate in zip(runs, *axes):
        plot_smoothed(norm, run, "gradient_norm", BLUE)
        clip_norm = run.configuration["optimizer"]["clip_norm"]
        if clip_norm > 0:
            norm.axhline(clip_norm, **REFERENCE, label="largest norm applied (clip_norm)")
        rate.plot(run.steps["step"], run.steps["learning_rate"], color=ORANGE)
        mark_stages(norm, stages_by_step(run))
        mark_stages(rate, stages_by_step(run), numbers=False)
    axes[0, 0].set_yscale("log")
    low, high = axes[0, 0].get_ylim()
    steps = (1, 2, 5) if high < 1000 * low else (1,)  # several decades: those alone
    axes[0, 0].yaxis.set_major_locator(ticker.LogLocator(subs=steps))
    axes[0, 0].yaxis.set_major_formatter("{x:g}")
    axes[0, 0].yaxis.set_minor_locator(ticker.NullLocator())
    axes[0, 0].set_ylabel("gradient norm")
    axes[1, 0].set_ylim(bottom=0)
    axes[1, 0].set_ylabel("learning rate")
    axes[1, 0].ticklabel_format(axis="y", style="sci", scilimits=(0, 0), useMathText=True)
    whole_numbers(axes)
    add_legend(fig, axes)
    return fig


def draw_all(arguments):
    runs = [Run(path) for path in arguments.runs]
    name_apart(runs)
    directory = command.output_directory(arguments, arguments.runs[0])
    save(draw_loss(runs), directory, "loss")
    save(draw_optimizer(runs), directory, "optimizer")
    answering = [run for run in runs if run.has_answers()]
    thinking = [run for run in answering if run.has_thoughts()]
    if answering:
        save(draw_accuracy(answering), directory, "accuracy")
    if thinking:
        save(draw_next_node(thinking), directory, "next_node")
    for run in runs:
        if run not in answering:
            print(f"{run.name}: no held-out answers, left out of accuracy and next_node")
        elif run not in thinking:
            print(f"{run.name}: no thoughts, left out of next_node")


def add_arguments(parser):
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN_DIRECTORY",
                        help="output.directory of a training run")
    command.add_output_option(parser)
    parser.set_defaults(work=draw_all)
