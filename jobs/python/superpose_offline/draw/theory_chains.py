"""The figure of `superpose theory chains`: discrete chains of thought beside the superposition."""

import numpy as np

from .style import BLUE, GREEN, ORANGE, PINK, REFERENCE, below, grid, share_axis, title

KINDS = {"sampled": ("sampled", ORANGE, "s"), "greedy": ("greedy", PINK, "^"),
         "depth_first": ("depth first, with memory", GREEN, "D")}
BINS = {"by_nodes": "nodes", "by_diameter": "diameter"}


def middle(bins):
    """Where a bin from n to 2 n - 1 stands on a logarithmic axis."""
    return np.sqrt(bins["from"] * np.maximum(2.0 * bins["from"] - 1, 1))


def with_interval(ax, bins, name, colour, marker, label, largest=np.inf):
    """Means over graphs and their 95 % intervals, which end above 0."""
    mean = bins[name]
    half = np.nan_to_num(bins[f"{name}_half_width"])
    low = np.minimum(half, 0.9 * mean)
    high = np.minimum(half, largest - mean)
    ax.errorbar(middle(bins), mean, [low, high], color=colour, marker=marker, label=label,
                elinewidth=0.8)


def draw_chains(tables):
    fig, axes = grid(2, 2, width=3.3, height=2.3, sharex="col", sharey="row")
    for (table, name), top, bottom in zip(BINS.items(), *axes):
        bins = tables[table]
        with_interval(top, bins, "superposition", BLUE, "o", "superposition")
        for kind, (label, colour, marker) in KINDS.items():
            with_interval(top, bins, f"steps_{kind}", colour, marker, label)
            with_interval(bottom, bins, f"named_{kind}", colour, marker, label, largest=1)
        top.plot(middle(bins), bins["limit"], **REFERENCE, label="step limit n²")
        with_interval(bottom, bins, "answered", BLUE, "o", "superposition", largest=1)
        top.set_yscale("log")
        top.set_xscale("log", base=2)
        bottom.set_xlabel(f"{name} of the graph")
        share_axis(bottom)
        title(top, f"{len(tables['graphs']['graph']):,} graphs by {name}")
    axes[0, 0].set_ylabel("steps until the answer")
    axes[1, 0].set_ylabel("chains that name\nthe target (%)")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), **below(3))
    return fig
