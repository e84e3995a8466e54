"""Growth of attention over training (EoS 5.1) and the prediction stage (EoS 5.2).

usage: growth RUN_OR_PROBE... [--layer L] [--output DIR]

Each argument is a run directory with statistics recorded while training (run.h5, record.every), or
a probe file of several checkpoints. Writes, as PNG and PDF:
  growth             attention logit of frontier edges (by walks) minus that of others, for each
                     thought c, of every problem, also beyond its hops, as EoS's script measures it
  growth_compared    the same, a panel a thought and a line a run, where there are several
  prediction_stage   weight and logit from [A]: to the last thought in layer 1; to [R], the root and
                     the candidates in the layer that searches
Bands are 95 % intervals of the mean over problems; lines mark where a stage begins.
Exit codes: 0 done, 2 usage, 5 no file can be read or written.
"""

from pathlib import Path

import numpy as np

from .. import command, published
from ..files.hdf5 import Failure, name_apart, skip_unusable
from ..files.probe_file import Probe
from ..files.run_history import Run
from .methods import title_of
from .style import (BLUE, CYCLE, GREEN, MARKERS, ORANGE, PINK, REFERENCE, SKY, add_legend,
                    mark_stages, panels, plain, save, sequence, whole_numbers)

# Statistic, label, colour, whether in layer 1 (else in the layer that searches).
PREDICTION = [("last_thought", "last thought", BLUE, True),
              ("last_thought", "last thought", SKY, False),
              ("root_mark", "[R]", "black", False), ("root", "root", PINK, False),
              ("target", "target", GREEN, False), ("other", "other candidate", ORANGE, False)]


def load(path):
    """The grouped statistics of a run directory, a run.h5 or a probe file."""
    if path.is_dir() or path.name == "run.h5":
        statistics = Run(path).statistics
        if statistics is None:
            raise Failure(f"{path} has no recorded statistics (record.every was 0, or the method "
                          "has no thoughts); probe its checkpoints, or train with --record.every 1")
    else:
        statistics = Probe(path).statistics
    statistics.path = path
    return statistics


def plot_growth(ax, epochs, values, **style):
    known = np.isfinite(values.mean)
    marker = style.pop("marker", "o") if known.sum() <= 40 else None
    ax.plot(epochs[known], values.mean[known], marker=marker, **style)
    margin = values.margin()[known]
    ax.fill_between(epochs[known], values.mean[known] - margin, values.mean[known] + margin,
                    color=style["color"], alpha=0.18, linewidth=0)


def mark_plateau(ax, run):
    """The published level, which is of coconut and of 8 heads, for the heads of this run."""
    if run.method == "coconut":
        ax.axhline(published.GROWTH_PLATEAU * published.head_scale(run.n_head), **REFERENCE, zorder=0,
                   label=f"published, c = 1, coconut ({published.GROWTH_SOURCE}"
                         f"{published.times_heads(run.n_head)})")


def difference(statistics, layer):
    """As EoS's script measures it: every problem at every c."""
    return statistics.of("growth_difference_walk", statistics.search_layer(layer))


def draw_growth(runs, layer=None):
    """A column a run, a line a thought."""
    titles = [title_of(run) for run in runs]
    fig, axes = panels(titles, 1, [2.6], "epochs completed")
    by_run = [difference(run, layer) for run in runs]
    colours = sequence(max(len(run.c) for run in runs))
    for run, values, ax in zip(runs, by_run, axes[0]):
        for i, (thought, colour) in enumerate(zip(run.c, colours)):
            plot_growth(ax, run.epochs, values[:, i], color=colour,
                        marker=MARKERS[i % len(MARKERS)], label=f"thought c = {thought}")
        ax.axhline(0, color="#bbbbbb", linewidth=0.7, zorder=0)
        mark_plateau(ax, run)
        mark_stages(ax, run.stages)
        ax.set_xlim(left=0)
    whole_numbers(axes)
    axes[0, 0].set_ylabel(f"logit, layer {runs[0].search_layer(layer)}, heads summed:\n"
                          "frontier minus other edges")
    add_legend(fig, axes, n_columns=2)
    return fig


def draw_compared(runs, layer=None):
    """A column a thought, a line a run; stages begin where a run's own dotted lines stand."""
    n_thoughts = max(len(run.c) for run in runs)
    fig, axes = panels([f"thought c = {c + 1}" for c in range(n_thoughts)], 1, [2.6],
                       "epochs completed", share_x="all")
    for place, run in enumerate(runs):
        values, colour = difference(run, layer), CYCLE[place % len(CYCLE)]
        for i in range(len(run.c)):
            plot_growth(axes[0, i], run.epochs, values[:, i], color=colour,
                        marker=MARKERS[place % len(MARKERS)],
                        label=plain(title_of(run)))
            for _, begin, _ in run.stages[1:]:
                axes[0, i].axvline(begin, color=colour, linewidth=0.7, linestyle=":", zorder=0)
            axes[0, i].set_xlim(left=0)
    axes[0, 0].plot([], [], color="black", linewidth=0.7, linestyle=":", label="a stage begins")
    whole_numbers(axes)
    axes[0, 0].set_ylabel("logit, heads summed:\nfrontier minus other edges")
    add_legend(fig, axes, n_columns=2)
    return fig


def draw_prediction(runs, layer=None):
    fig, axes = panels([title_of(run) for run in runs], 2, [1.9, 1.9],
                       "epochs completed")
    for run, *column in zip(runs, *axes):
        search = run.search_layer(layer)
        for kind, ax in zip(("attention", "logit"), column):
            for i, (key, label, colour, first) in enumerate(PREDICTION):
                at = 1 if first else search
                plot_growth(ax, run.epochs, run.of(f"answer_{kind}_{key}", at), color=colour,
                            marker=MARKERS[i], linestyle="--" if first else "-",
                            label=f"layer {at}: {label}")
            mark_stages(ax, run.stages, numbers=kind == "attention")
            ax.set_xlim(left=0)
    whole_numbers(axes)
    axes[0, 0].set_ylabel("weight from [A],\nheads summed")
    axes[1, 0].set_ylabel("logit from [A],\nheads summed")
    add_legend(fig, axes, n_columns=3)
    return fig


def draw(arguments):
    runs = skip_unusable(arguments.runs, load)
    name_apart(runs)
    directory = command.output_directory(arguments, arguments.runs[0])
    save(draw_growth(runs, arguments.layer), directory, "growth")
    if len(runs) > 1:
        save(draw_compared(runs, arguments.layer), directory, "growth_compared")
    save(draw_prediction(runs, arguments.layer), directory, "prediction_stage")


def add_arguments(parser):
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN_OR_PROBE",
                        help="run directory, run.h5 or probe file")
    parser.add_argument("--layer", type=command.positive, metavar="L",
                        help="layer that searches, from 1 (default: the last)")
    command.add_output_option(parser)
    parser.set_defaults(work=draw)
