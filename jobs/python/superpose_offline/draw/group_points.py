"""Values of the groups of nodes or edges by thought, measured beside published, in one panel."""

import numpy as np

from .style import GROUP_COLOURS, GROUPS, words

WIDTH = 0.8  # of a thought's share of the axis


def bars_of(centres, halves, lowest):
    """Lengths of bars of these half widths, which end at `lowest`."""
    below = np.clip(np.subtract(centres, lowest), 0, halves)
    return np.array([below, halves])


def draw_groups(ax, thoughts, means, stds, lowest=-np.inf):
    """Points with bars of one standard deviation. means, stds: {group: array by thought}; lowest:
    the least that a value can be."""
    step = WIDTH / len(GROUPS)
    for place, group in enumerate(GROUPS):
        x = thoughts - WIDTH / 2 + (place + 0.3) * step
        bars = bars_of(means[group], stds[group], lowest)
        ax.errorbar(x, means[group], bars, fmt="o", markersize=4.5, capsize=2, linewidth=1.1,
                    color=GROUP_COLOURS[group], label=f"{words(group)}, measured")


def draw_published_groups(ax, thoughts, intervals, label, lowest=-np.inf):
    """White diamonds with thin bars. intervals: {group: [(centre, half width)]} by thought."""
    step = WIDTH / len(GROUPS)
    for place, group in enumerate(GROUPS):
        known = intervals[group][:len(thoughts)]
        x = thoughts[:len(known)] - WIDTH / 2 + (place + 0.72) * step
        centres, halves = np.array(known).T
        ax.errorbar(x, centres, bars_of(centres, halves, lowest), fmt="D", markersize=4, capsize=0,
                    linewidth=0.8, color=GROUP_COLOURS[group], markerfacecolor="white",
                    label=label)
        label = None


def thought_axis(ax, thoughts, counts):
    """Thoughts as ticks, with the number of measurements of the widest group where it is small."""
    ax.set_xticks(thoughts, [f"thought {t}" for t in thoughts])
    ax.set_xlim(thoughts[0] - 0.55, thoughts[-1] + 0.55)
    for thought in thoughts[:-1]:
        ax.axvline(thought + 0.5, color="#dddddd", linewidth=0.7, zorder=0)
    for thought, n in zip(thoughts, counts):
        ax.annotate(f"n = {n}", (thought, 1), xycoords=("data", "axes fraction"), xytext=(0, 2),
                    textcoords="offset points", ha="center", fontsize=7.5, color="#555555")


def print_groups(title, thoughts, means, stds, published_text):
    """The table: for each group, measured means and standard deviations above the published
    values."""
    print(f"{title}\n  {'':<26}" + "".join(f"{f'thought {t}':>18}" for t in thoughts))
    for group in GROUPS:
        rows = [("measured", [f"{m:.3f} ± {s:.3f}" for m, s in zip(means[group], stds[group])]),
                ("published", [published_text(group, t) for t in thoughts])]
        for label, cells in rows:
            print(f"  {words(group):<16}{label:<10}" + "".join(f"{cell:>18}" for cell in cells))
