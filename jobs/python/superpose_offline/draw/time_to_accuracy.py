"""Held-out answers, and the hops in the frontier, over the minutes of trainings of several seeds."""

import numpy as np

from ..files.measures import Measure
from .style import (BLUE, NEAR_ONE, REFERENCE, add_legend, near_one_axis, panels, sequence,
                    share_axis)


FEW = 4  # seeds whose lines can be told apart


def over_seeds(curves):
    """(x, values [seed, x]) of curves [(x, values)] up to where the shortest one ends."""
    n = min(len(x) for x, _ in curves)
    return curves[0][0][:n], np.array([values[:n] for _, values in curves])


def draw_curves(ax, curves, colour, label):
    """A thin line a seed, or of many a shade over their range; a thick one for their median."""
    x, values = over_seeds(curves)
    if len(curves) > FEW:
        ax.fill_between(x, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.25,
                        linewidth=0)
    else:
        for of_seed in curves:
            ax.plot(*of_seed, color=colour, alpha=0.35, linewidth=0.8)
    ax.plot(x, np.median(values, axis=0), color=colour, linewidth=1.8, label=label)


def draw_time_to_accuracy(runs, minutes, threshold):
    """runs: of one configuration; minutes: of each, at the end of each evaluated epoch."""
    seeds = "1 seed" if len(runs) == 1 else f"{len(runs)} seeds"
    heights = [2.0, 1.6] if any_near_one(runs) else [2.5]
    fig, axes = panels([f"held-out answers, {seeds}", "predictions in the frontier"], len(heights),
                       heights, "minutes of training")
    for (answers, frontier), axis in zip(axes, (share_axis, near_one_axis)):
        draw_answers(answers, runs, minutes, threshold)
        draw_frontier(frontier, runs, minutes)
        answers.set_ylabel("right (%)")
        for ax in (answers, frontier):
            axis(ax)
            ax.set_xlim(left=0)
    add_legend(fig, axes, n_columns=3)
    return fig


def any_near_one(runs):
    return any(np.nanmax(run.evaluation[measure], initial=0) > NEAR_ONE for run in runs
               for measure in (Measure.ACCURACY, Measure.NEXT_NODE_FRONTIER))


def draw_answers(ax, runs, minutes, threshold):
    draw_curves(ax, [(x, run.evaluation[Measure.ACCURACY]) for run, x in zip(runs, minutes)],
                BLUE, f"all answers, median ({'shade: range' if len(runs) > FEW else 'thin: a seed'})")
    ax.axhline(threshold, **REFERENCE, zorder=0, label=f"{100 * threshold:g} %")


def draw_frontier(ax, runs, minutes):
    hops = runs[0].evaluation["hop"]
    for k, (hop, colour) in enumerate(zip(hops, sequence(len(hops)))):
        draw_curves(ax, [(x, run.evaluation[Measure.NEXT_NODE_FRONTIER][:, k])
                         for run, x in zip(runs, minutes)], colour, f"hop {hop}")
