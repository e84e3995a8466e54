"""Learning curves of the points of a sweep: mean over seeds, and the range of the seeds."""

import re
import warnings

import numpy as np

from ..draw.style import add_legend, add_note, mark_stages, panels, plain, share_axis, whole_numbers
from ..files.measures import Measure
from ..files.run_history import spans

# Column of the evaluations, label, whether it is a share.
EVALUATED = [(Measure.ACCURACY, "held-out answers\nright (%)", True),
             (Measure.ACCURACY_EQUAL_DEPTH, "right, candidates\nequally deep (%)", True),
             (Measure.LOSS, "held-out loss (nat)", False)]
TRAINED = [("loss", "training loss (nat)", False)]
MOST_LABELS = 9


def over_seeds(values):
    """(mean, smallest, largest) of [seed, epoch], of the seeds that have a value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # epochs where no seed has any
        return np.nanmean(values, axis=0), np.nanmin(values, axis=0), np.nanmax(values, axis=0)


def draw_line(ax, epochs, values, **style):
    mean, low, high = over_seeds(values)
    known = np.isfinite(mean)
    if not known.any():
        return
    ax.plot(epochs[known], mean[known], **style)
    ax.fill_between(epochs[known], low[known], high[known], color=style["color"], alpha=0.15,
                    linewidth=0)


def labels_of(axis):
    """Of many lines only some are named: the others lie between them."""
    labels = axis.labels
    every = -(-len(labels) // MOST_LABELS) if axis.is_numeric else 1
    return [plain(label) if i % every == 0 or i == len(labels) - 1 else "_" + label
            for i, label in enumerate(labels)]


def name_missing(ax, values, axis):
    """In the panel: the points without any value. values: [along, seed, epoch]."""
    lacking = [i for i, v in enumerate(values) if np.isnan(v).all()]
    for line, i in enumerate(lacking[:6]):
        ax.annotate(plain(f"× {axis.labels[i] or 'this point'}: no value"), (0.98, 0.04),
                    xycoords="axes fraction", xytext=(0, 9 * line), textcoords="offset points",
                    ha="right", fontsize=7.5, color="#444444",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})


def common_stages(table, epochs):
    """Spans of the stages, if all points go through the same ones."""
    stages = table["stage"].reshape(-1, len(epochs))
    stages = stages[~np.isnan(stages).any(axis=1)]
    if len(stages) == 0 or (stages != stages[0]).any() or np.ptp(stages) == 0:
        return []
    return spans(stages[0].astype(int), epochs)


def draw_row(row, arranged, table, column, is_share, colours, panel):
    values = arranged.of(table[column])
    epochs = table["epoch"] + 1
    for c, ax in enumerate(row):
        for a, label in enumerate(labels_of(arranged.along)):
            draw_line(ax, epochs, values[a, c, panel], color=colours[a], label=label)
        name_missing(ax, values[:, c, panel], arranged.along)
        ax.set_xlim(left=0)
        if is_share:
            share_axis(ax)


def note_of(points):
    n = len(points.seeds.values)
    band = f"Lines: mean over {n} seeds; bands: from the smallest to the largest seed. "
    return [(band if n > 1 else "") + points.missing()]


def draw_panel(arranged, table, columns, colours, panel):
    points = arranged.collected
    titles = arranged.colour.labels if len(arranged.colour.values) > 1 else [points.title]
    fig, axes = panels(titles, len(columns), [1.7] * len(columns), "epochs completed")
    stages = common_stages(table, table["epoch"] + 1)
    for row, (column, label, is_share) in zip(axes, columns):
        draw_row(row, arranged, table, column, is_share, colours, panel)
        row[0].set_ylabel(label)
        for ax in row:
            mark_stages(ax, stages, numbers=ax in axes[0])
    whole_numbers(axes)
    add_note(fig, add_legend(fig, axes, n_columns=3), note_of(points))
    return fig


def draw_curves(arranged, colours):
    """(name, figure) of each value of the third axis."""
    tables = arranged.collected.tables
    table = tables.get("evaluation", tables.get("epochs"))
    columns = EVALUATED if "evaluation" in tables else TRAINED
    if table is None or len(table["epoch"]) == 0:
        return
    for panel, label in enumerate(arranged.panel.labels):
        ending = re.sub(r"\W+", "_", f"_{label}").rstrip("_") if label else ""
        yield f"learning_curves{ending}", draw_panel(arranged, table, columns, colours, panel)
