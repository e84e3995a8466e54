"""Held-out answers, and the hops in the frontier, over the minutes of trainings of several seeds."""

import numpy as np

from ..files.measures import Measure
from .style import BLUE, REFERENCE, add_legend, panels, sequence, share_axis


def over_seeds(curves):
    """(x, median) of curves [(x, values)] up to where the shortest one ends."""
    n = min(len(x) for x, _ in curves)
    return curves[0][0][:n], np.median([values[:n] for _, values in curves], axis=0)


def draw_curves(ax, curves, colour, label):
    """A thin line a seed, a thick one for their median."""
    for x, values in curves:
        ax.plot(x, values, color=colour, alpha=0.35, linewidth=0.8)
    ax.plot(*over_seeds(curves), color=colour, linewidth=1.8, label=label)


def draw_time_to_accuracy(runs, minutes, threshold):
    """runs: of one configuration; minutes: of each, at the end of each evaluated epoch."""
    seeds = "1 seed" if len(runs) == 1 else f"{len(runs)} seeds"
    fig, axes = panels([f"held-out answers, {seeds}", "predictions in the frontier"], 1,
                       [2.5], "minutes of training")
    answers, frontier = axes[0]
    draw_curves(answers, [(x, run.evaluation[Measure.ACCURACY]) for run, x in zip(runs, minutes)],
                BLUE, "all answers (thin: a seed)")
    answers.axhline(threshold, **REFERENCE, zorder=0, label=f"{100 * threshold:g} %")
    hops = runs[0].evaluation["hop"]
    for k, (hop, colour) in enumerate(zip(hops, sequence(len(hops)))):
        draw_curves(frontier, [(x, run.evaluation[Measure.NEXT_NODE_FRONTIER][:, k])
                               for run, x in zip(runs, minutes)], colour, f"hop {hop}")
    answers.set_ylabel("right (%)")
    for ax in axes[0]:
        share_axis(ax)
        ax.set_xlim(left=0)
    add_legend(fig, axes, n_columns=3)
    return fig
