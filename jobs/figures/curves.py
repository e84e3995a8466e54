#!/usr/bin/env python3
"""Draws the learning curves of one or several training runs, a column a run.

usage: curves.py RUN_DIRECTORY... [--output DIR]

Reads run.h5 of each run (layout: io/FORMAT.md) and writes, as PNG and PDF:
  loss         training loss by step, with the loss of a uniform guess over the frontier
  accuracy     held-out answers by epoch
  next_node    held-out predictions of the next node by epoch and hop
  optimizer    gradient norm and learning rate by step
Exit codes: 0 done, 2 usage, 5 a file cannot be read or written.
"""

import argparse
import sys
from pathlib import Path

try:
    import matplotlib
    matplotlib.use("Agg")  # no display on a compute node
    import numpy as np
    from matplotlib import pyplot as plt
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, PercentFormatter

    from run_history import Failure, Run, name_apart, stages_by_epoch, stages_by_step
except ImportError as error:
    print(f"curves.py: error: {error} (it takes Python 3.11, h5py and matplotlib) use Debian's "
          "/usr/bin/python3 with python3-h5py and python3-matplotlib", file=sys.stderr)
    sys.exit(2)

EXIT_IO = 5

# Okabe and Ito's colours: told apart with every kind of colour vision.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"
STYLE = {
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.4,
    "lines.markersize": 3,
    "pdf.fonttype": 42,  # text stays text
    "savefig.dpi": 200,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.05,
}
REFERENCE = {"color": GREY, "linestyle": (0, (4, 2)), "linewidth": 0.9}
# Inches.
MARGIN, GAP = 0.7, 0.3


def mark_stages(ax, stages, numbers=True):
    """A thin line where a stage begins, and its number above the panel."""
    for stage, begin, end in stages:
        if begin > 0:
            ax.axvline(begin, color="#bbbbbb", linewidth=0.7, zorder=0)
        if numbers:
            ax.annotate(str(stage) if begin > 0 else f"stage {stage}",
                        ((begin + end) / 2, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
                        textcoords="offset points", ha="center", fontsize=8, color=GREY)


def centred_mean(values, window):
    """Mean over the `window` (odd) values around each one; over fewer at the ends."""
    def sums(x):
        return np.convolve(x, np.ones(window))[window // 2:window // 2 + len(x)]
    return sums(values) / sums(np.ones_like(values))


def panels(runs, n_rows, heights, x_label):
    """A figure of n_rows panels a run; its edges are trimmed or widened to fit when it is saved."""
    n = len(runs)
    width, height = (4.4 if n == 1 else 3.3), sum(heights) + GAP * (n_rows - 1)
    total_width = n * width + GAP * (n - 1) + 2 * MARGIN
    total_height = height + 2 * MARGIN
    fig, axes = plt.subplots(
        n_rows, n, squeeze=False, sharex="col", sharey="row", figsize=(total_width, total_height),
        gridspec_kw={
            "left": MARGIN / total_width, "right": 1 - MARGIN / total_width,
            "bottom": MARGIN / total_height, "top": 1 - MARGIN / total_height,
            "wspace": GAP / width, "hspace": GAP * n_rows / sum(heights),
            "height_ratios": heights})
    for run, ax in zip(runs, axes[0]):
        ax.set_title(run.name, loc="left", fontsize=9, fontweight="bold", pad=16)
    for ax in axes[-1]:
        ax.set_xlabel(x_label)
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    fig.align_ylabels(axes[:, 0])
    return fig, axes


def add_legend(fig, axes, n_columns=4):
    """One legend for all panels, under them; a label that several panels have appears once."""
    entries = {}
    for ax in axes.flat:
        for handle, label in zip(*ax.get_legend_handles_labels()):
            entries.setdefault(label, handle)
    below_axis_label = (0.5, (MARGIN - 0.42) / fig.get_figheight())
    fig.legend(entries.values(), entries.keys(), loc="upper center", ncol=n_columns,
               bbox_to_anchor=below_axis_label, borderaxespad=0, columnspacing=1.4)


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


def share_axis(ax):
    ax.set_ylim(-0.03, 1.03)
    ax.set_yticks(np.linspace(0, 1, 5))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))


def plot_uniform_guess(ax, run):
    """The held-out loss of a uniform guess over the frontier, in each stage that predicts one."""
    guesses = run.evaluation["uniform_guess_loss"]
    for stage, begin, end in stages_by_step(run):
        if stage >= guesses.shape[1] or not guesses[-1, stage] > 0:
            continue
        ax.plot([begin, end], [guesses[-1, stage]] * 2, **REFERENCE,
                label="uniform guess over the frontier")


def draw_loss(runs):
    fig, axes = panels(runs, 1, [2.5], "optimiser step")
    for run, ax in zip(runs, axes[0]):
        plot_smoothed(ax, run, "loss", BLUE)
        if run.has_answers():
            plot_uniform_guess(ax, run)
        mark_stages(ax, stages_by_step(run))
    axes[0, 0].set_ylabel("training loss (nat)")
    axes[0, 0].set_ylim(bottom=0)
    add_legend(fig, axes)
    return fig


def draw_accuracy(runs):
    fig, axes = panels(runs, 1, [2.5], "epochs completed")
    columns = [("accuracy", BLUE, "all problems"),
               ("equal_depth_accuracy", ORANGE, "equally deep candidates"),
               ("candidate_accuracy", GREEN, "all, better of the two candidates")]
    for run, ax in zip(runs, axes[0]):
        for zorder, (column, colour, label) in zip((4, 3, 2), columns):
            plot_epochs(ax, run, run.evaluation[column], color=colour, label=label, zorder=zorder)
        ax.axhline(0.5, **REFERENCE, zorder=0, label="guess between the two candidates")
        share_axis(ax)
        mark_stages(ax, stages_by_epoch(run))
    axes[0, 0].set_ylabel("held-out answers right (%)")
    add_legend(fig, axes, n_columns=2)
    return fig


def draw_next_node(runs):
    fig, axes = panels(runs, 2, [1.9, 1.9], "epochs completed")
    rows = [("next_node_frontier", "in the frontier (%)"),
            ("next_node_optimal", "on a shortest path (%)")]
    n_hops = max(len(run.evaluation["hop"]) for run in runs)
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.8, n_hops))
    for (column, label), row in zip(rows, axes):
        row[0].set_ylabel(label)
        for run, ax in zip(runs, row):
            for k, hop in enumerate(run.evaluation["hop"]):
                values = run.evaluation[column][:, k]
                if np.isfinite(values).any():
                    plot_epochs(ax, run, values, color=colours[k], label=f"hop {hop}")
            share_axis(ax)
            mark_stages(ax, stages_by_epoch(run), numbers=ax in axes[0])
    add_legend(fig, axes)
    return fig


def draw_optimizer(runs):
    fig, axes = panels(runs, 2, [2.1, 1.1], "optimiser step")
    for run, norm, rate in zip(runs, *axes):
        plot_smoothed(norm, run, "gradient_norm", BLUE)
        clip_norm = run.configuration["optimizer"]["clip_norm"]
        if clip_norm > 0:
            norm.axhline(clip_norm, **REFERENCE, label="largest norm applied (clip_norm)")
        rate.plot(run.steps["step"], run.steps["learning_rate"], color=ORANGE)
        mark_stages(norm, stages_by_step(run))
        mark_stages(rate, stages_by_step(run), numbers=False)
    axes[0, 0].set_yscale("log")
    axes[0, 0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes[0, 0].yaxis.set_major_formatter("{x:g}")
    axes[0, 0].yaxis.set_minor_locator(NullLocator())
    axes[0, 0].set_ylabel("gradient norm")
    axes[1, 0].set_ylim(bottom=0)
    axes[1, 0].set_ylabel("learning rate")
    axes[1, 0].ticklabel_format(axis="y", style="sci", scilimits=(0, 0), useMathText=True)
    add_legend(fig, axes)
    return fig


def save(fig, directory, name):
    try:
        directory.mkdir(parents=True, exist_ok=True)
        fig.savefig(directory / f"{name}.png")
        fig.savefig(directory / f"{name}.pdf", metadata={"CreationDate": None})
    except OSError as error:
        raise Failure(f"cannot write {directory / name} ({error}) choose another --output") from error
    plt.close(fig)
    print(f"{directory / name}.png, .pdf")


def draw_all(paths, directory):
    runs = [Run(path) for path in paths]
    name_apart(runs)
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN_DIRECTORY",
                        help="output.directory of a training run")
    parser.add_argument("--output", type=Path, metavar="DIR",
                        help="where the figures go (default: figures in the first run directory)")
    arguments = parser.parse_args()
    first = arguments.runs[0]
    directory = arguments.output or (first.parent if first.is_file() else first) / "figures"
    try:
        with matplotlib.rc_context(STYLE):
            draw_all(arguments.runs, directory)
    except Failure as failure:
        print(f"curves.py: error: {failure}", file=sys.stderr)
        return EXIT_IO
    return 0


if __name__ == "__main__":
    sys.exit(main())
