"""The figure of `superpose theory dimension`: dimensions that almost orthogonal embeddings take."""

import numpy as np

from .style import BLUE, GREEN, ORANGE, PINK, REFERENCE, below, grid, title

GROWTHS = ("graphs of one size", "every name is a node")
PROTECTIONS = ("all tokens random", "special tokens orthonormal", "and a constant coordinate")
STAGES = {"copy": ("layer 1, prompt", ORANGE, "s"), "hold": ("layer 1, superposition", GREEN, "^"),
          "expand": ("layer 2, next thought", BLUE, "o"), "answer": ("answer", PINK, "D"),
          "all": ("all", "black", "x")}


def draw_dimension(tables):
    needed = tables["needed"]
    growths = sorted({int(g) for g in needed["growth"]})  # a search without the second has no row
    fig, axes = grid(len(growths), 3, width=2.6, height=2.2, sharex="row", sharey=True)
    for growth, row in zip(growths, axes):
        for protection, ax in enumerate(row):
            chosen = (needed["growth"] == growth) & (needed["protection"] == protection)
            size = needed["vocabulary"][chosen]
            for stage, (label, colour, marker) in STAGES.items():
                d = needed[f"d_{stage}"][chosen].astype(float)
                ax.plot(size, np.where(d > 0, d, np.nan), color=colour, marker=marker, label=label,
                        linestyle="none" if stage == "all" else "-")
            ax.plot(size, size, **REFERENCE, label="d = |Voc|: orthonormal")
            ax.set_xscale("log", base=2)
            ax.set_yscale("log")
            title(ax, PROTECTIONS[protection])
        row[0].set_ylabel("dimensions needed, d")
        row[1].set_xlabel(f"|Voc|, {GROWTHS[growth]}")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), **below(3))
    return fig
