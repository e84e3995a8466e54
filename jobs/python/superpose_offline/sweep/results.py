"""Draws what a sweep found, and prints it as a table.

usage: sweep COLLECTED [--measure NAME ...] [--along AXIS] [--colour AXIS]
                [--where AXIS=VALUE ...] [--output DIR]

Reads collected.h5 of `superpose sweep collect` and writes, as PNG and PDF:
  final               measures of the trained points along one axis: mean over seeds with its 95 %
                      interval, each seed as a dot; a colour a value of a second axis, a
                      panel a value of a third
  learning_curves     held-out accuracy and loss by epoch, a line a point, a figure a value of a
                      third axis
The table on stdout holds the same numbers. Points that are not done are named.
Exit codes: 0 done, 2 usage, 5 a file cannot be read or written, or holds no measures.
"""

import textwrap
from pathlib import Path

import numpy as np

from .. import command
from ..draw.style import CYCLE, add_legend, add_note, panels, plain, save, sequence, share_axis
from ..files.hdf5 import Failure, UsageError
from ..files.measures import Measure
from . import collected
from .axis import Placing
from .collected import Arranged
from .curves import draw_curves

DEFAULT_MEASURES = [Measure.ACCURACY, Measure.ACCURACY_EQUAL_DEPTH, Measure.LOSS]
MOST_SERIES = 8  # colours, or panels side by side
A_SEED = {"marker": ".", "linestyle": "none", "alpha": 0.45, "markersize": 5, "markeredgewidth": 0}


def chosen_measures(points, names):
    if names:
        return [points.measure(name) for name in names]
    found = [points.measures[name] for name in DEFAULT_MEASURES if name in points.measures]
    if not found:
        raise UsageError(f"{points.path} holds none of {', '.join(DEFAULT_MEASURES)} (it holds "
                         f"{', '.join(points.measures)}); choose with --measure; of job = \"bench\" "
                         "the command scaling draws the figure")
    return found


def check_fits(axes):
    """axes: those of colours and of panels."""
    for axis in axes:
        if len(axis.values) > MOST_SERIES:
            raise UsageError(f"axis {axis.name} has {len(axis.values)} values (a figure shows "
                             f"{MOST_SERIES} colours or panels); give it to --along, or choose some "
                             f"of them: --where {axis.name}=VALUE, again for each")


def colours_of(axis):
    """From dark to light where the values have an order."""
    ordered = axis.is_numeric and len(axis.values) > 2 or len(axis.values) > len(CYCLE)
    return sequence(len(axis.values)) if ordered else CYCLE


# --- Table ---------------------------------------------------------------------------------------

def number(value, measure):
    if not np.isfinite(value):
        return "-"
    return f"{100 * value:.2f}" if measure.is_share else f"{value:#.4g}".rstrip(".")


def row_of(points, measure, at):
    """Cells of a point: its place on the axes, n, mean, interval, and what is missing."""
    mean, low, high, n = (measure.parts[part][at] for part in collected.PARTS)
    interval = f"{number(low, measure)} to {number(high, measure)}" if np.isfinite(low) else "-"
    n_seeds = points.states.shape[-1]
    lacking = f"{n_seeds - n} of {n_seeds} missing" if n < n_seeds else ""
    place = [axis.texts[i] for axis, i in zip(points.axes, at)]
    return [*place, str(n), number(mean, measure), interval, lacking]


def print_table(points, measure):
    head = [axis.name for axis in points.axes] + ["n", "mean", "95 % interval", ""]
    rows = [head] + [row_of(points, measure, at) for at in np.ndindex(points.shape)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    print(f"{measure.name}: {measure.title}")
    n_axes = len(points.axes)
    for row in rows:
        cells = [cell.ljust(w) if i < n_axes or i > n_axes + 1 else cell.rjust(w)
                 for i, (cell, w) in enumerate(zip(row, widths))]
        print("  " + "  ".join(cells).rstrip())


# --- Figure --------------------------------------------------------------------------------------

def mark_missing(ax, x, values, colour):
    """A cross above the panel where seeds have no value, with their number."""
    n_lacking = np.isnan(values).sum(axis=1)
    for place, n in zip(x, n_lacking):
        if n == 0:
            continue
        ax.plot([place], [1.04], "x", transform=ax.get_xaxis_transform(), color=colour,
                clip_on=False, markersize=4)
        if values.shape[1] > 1:
            ax.annotate(f"{n}", (place, 1.04), xycoords=("data", "axes fraction"), xytext=(0, 4),
                        textcoords="offset points", ha="center", fontsize=6.5, color=colour)


def draw_series(ax, x, seeds_x, values, parts, **style):
    """values: [point, seed]; parts: mean, low and high of the points."""
    colour = style["color"]
    ax.plot(x, parts["mean"], marker="o", markersize=4, **style)
    margins = np.maximum([parts["mean"] - parts["low"], parts["high"] - parts["mean"]], 0)
    ax.errorbar(x, parts["mean"], np.nan_to_num(margins), fmt="none", ecolor=colour, capsize=2.5,
                elinewidth=1)
    if values.shape[1] > 1:
        ax.plot(np.repeat(seeds_x, values.shape[1]), values.ravel(), color=colour, **A_SEED)
    mark_missing(ax, x, values, colour)


def draw_measure(row, arranged, measure, placing):
    values = arranged.of(measure.values)
    parts = {part: arranged.of(measure.parts[part]) for part in collected.PARTS}
    joined = "-" if arranged.along.is_numeric else "none"
    for p, ax in enumerate(row):
        for c, (label, colour) in enumerate(zip(arranged.colour.labels,
                                                colours_of(arranged.colour))):
            draw_series(ax, placing.of_series(c), placing.beside_series(c), values[:, c, p],
                        {name: part[:, c, p] for name, part in parts.items()}, color=colour,
                        linestyle=joined, label=plain(label))
        placing.show(ax, panel_width(arranged))
        if measure.is_share:
            share_axis(ax)
    row[0].set_ylabel(plain(textwrap.fill(measure.title, 26)))


def panel_width(arranged):
    n = len(arranged.panel.values)
    if n > 1:
        return 3.3 if n < 4 else 2.6
    return 4.4 if arranged.along.is_numeric else max(4.4, 0.85 * len(arranged.along.values))


def explain_marks(ax, n_seeds, is_missing):
    if n_seeds > 1:
        ax.plot([], [], marker="o", markersize=4, color="black", linestyle="none",
                label=f"mean over {n_seeds} seeds, 95 % interval (t)")
        ax.plot([], [], color="black", **A_SEED, label="a seed")
    if is_missing:
        ax.plot([], [], "x", color="black", markersize=4,
                label="no value" + (", and of how many seeds" if n_seeds > 1 else ""))


def draw_final(arranged, measures):
    points = arranged.collected
    placing = Placing(arranged.along, len(arranged.colour.values))
    titles = arranged.panel.labels if len(arranged.panel.values) > 1 else [points.title]
    fig, axes = panels(titles, len(measures), [2.0] * len(measures), placing.title,
                       width=panel_width(arranged))
    for row, measure in zip(axes, measures):
        draw_measure(row, arranged, measure, placing)
    is_missing = any(np.isnan(measure.values).any() for measure in measures)
    explain_marks(axes[0, 0], len(points.seeds.values), is_missing)
    lines = placing.label_lines(panel_width(arranged))
    legend = add_legend(fig, axes, n_columns=2, lower=0.42 + 0.14 * (lines - 1))
    add_note(fig, legend, [points.missing()])
    return fig


# --- Command -------------------------------------------------------------------------------------

def draw_all(arguments):
    points = collected.load(arguments.collected, arguments.where)
    arranged = Arranged(points, arguments.along, arguments.colour)
    check_fits([arranged.colour, arranged.panel])
    directory = command.output_directory(arguments, arguments.collected)
    if not points.measures and not points.tables:
        raise Failure(f"{points.path} holds neither measures nor histories (its runs left none); "
                      "train with held-out problems (data.valid)")
    if points.measures or arguments.measure:
        measures = chosen_measures(points, arguments.measure)
        for measure in measures:
            print_table(points, measure)
        save(draw_final(arranged, measures), directory, "final")
    for name, fig in draw_curves(arranged, colours_of(arranged.along)):
        save(fig, directory, name)
    print(points.missing() or f"all {points.states.size} points are done")


def add_arguments(parser):
    parser.add_argument("collected", type=Path, metavar="COLLECTED",
                        help="collected.h5 of a sweep, or its folder")
    parser.add_argument("--measure", nargs="+", action="extend", default=[], metavar="NAME",
                        help=f"which final measures (default: {', '.join(DEFAULT_MEASURES)})")
    parser.add_argument("--along", metavar="AXIS",
                        help="the x axis (default: the longest of numbers)")
    parser.add_argument("--colour", metavar="AXIS",
                        help="a colour a value (default: the first of the other axes)")
    collected.add_where_option(parser)
    command.add_output_option(parser)
    parser.set_defaults(work=draw_all)
