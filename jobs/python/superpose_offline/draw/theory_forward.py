"""Figures of the simplified transformer of EoS: one-step expansion, bounds of mu, evenness."""

import numpy as np
from matplotlib import pyplot as plt

from .style import BLUE, GREEN, GREY, ORANGE, REFERENCE, below, grid, share_axis, title

GROUPS = {"bounded": ("coconut, $d_p < d_{max}$", BLUE),
          "unbounded": ("coconut, $d_p = d_{max}$", ORANGE), "bfs": ("BFS loss", GREEN)}
NO_ERROR = 1e-17


def draw_forward(tables):
    by_mu = tables["expansion"]
    mu = by_mu["mu"]
    fig, axes = grid(1, 3, width=2.6, height=2.4)
    exact, weight, error = axes[0]
    exact.plot(mu, by_mu["exact"] / by_mu["thoughts"], color=BLUE, marker="o",
               label="thoughts: all of $N_{c+1}$, nothing else")
    exact.plot(mu, by_mu["right"] / len(tables["problems"]["problem"]), color=ORANGE, marker="x",
               linestyle="none", label="answers right, $µ_A = µ_R$")
    share_axis(exact)
    exact.set_ylabel("share (%)")
    weight.plot(mu, by_mu["smallest_weight"], color=BLUE, marker="o")
    weight.set_yscale("log")
    weight.set_ylabel("smallest weight in $N_{c+1}$")
    for name, colour, marker in (("thought", BLUE, "o"), ("answer", ORANGE, "x")):
        error.plot(mu, np.maximum(by_mu[f"{name}_error"], NO_ERROR), color=colour, marker=marker,
                   linestyle="none", label=f"{name}: error")
    error.axhline(1e-12, **REFERENCE)
    error.set_yscale("log")
    error.set_ylabel("relative error (1e-17: none)")
    for ax, name in zip(axes[0], ("one-step expansion", "evenness lost", "against the formula")):
        ax.set_xscale("log")
        ax.set_xlabel("index-matching logit µ")
        title(ax, name)
    fig.legend(*exact.get_legend_handles_labels(), **below(2))
    return fig


def draw_bounds(tables):
    """mu(t) of a few steps between their bounds, and how far the bounds are apart."""
    paths, steps = tables["paths"], tables["steps"]
    t = paths["t"][1:]
    rests = steps["d_p"] < steps["d_max"]
    drawn = paths["mu_bfs"].shape[1]
    panels = (("mu_coconut", "coconut, $d_p < d_{max}$", rests),
              ("mu_coconut", "coconut, $d_p = d_{max}$", ~rests),
              ("mu_bfs", "BFS loss", np.ones_like(rests)))
    fig, axes = grid(1, 3, width=2.6, height=2.4)
    for ax, (name, heading, chosen) in zip(axes[0], panels):
        for i, colour in zip(np.flatnonzero(chosen[:drawn])[:3], (BLUE, ORANGE, GREEN)):
            ax.plot(t, paths[name][1:, i], color=colour)
            for side in ("low", "high"):
                ax.plot(t, paths[f"{name}_{side}"][1:, i], color=colour, linewidth=0.8,
                        linestyle=(0, (4, 2)))
        ax.set_xscale("log")
        ax.set_xlabel("time t (V / α)")
        title(ax, heading)
    axes[0, 0].set_ylabel("index-matching logit µ")
    lines = [plt.Line2D([], [], color=GREY),
             plt.Line2D([], [], color=GREY, linewidth=0.8, linestyle=(0, (4, 2)))]
    fig.legend(lines, ["flow of a step", "its bounds"], **below(2))
    return fig


def draw_evenness(tables):
    evenness = tables["evenness"]
    t = evenness["t"][1:]
    fig, axes = grid(2, 2, width=3.2, height=2.0, sharex=True, sharey="row")
    for (weights, heading), top, bottom in zip(
            (("thought", "weights of the thought"), ("softmax", "probabilities of the next node")),
            *axes):
        for group, (label, colour) in GROUPS.items():
            for ax, measure in ((top, "entropy_share"), (bottom, "effective")):
                name = f"{measure}_{weights}_{group}"
                mean, half = evenness[name][1:], evenness[f"{name}_half_width"][1:]
                ax.plot(t, mean, color=colour, label=label)
                ax.fill_between(t, mean - half, mean + half, color=colour, alpha=0.2, linewidth=0)
        title(top, heading)
        bottom.set_xscale("log")
        bottom.set_xlabel("time t (V / α)")
        share_axis(top)
    axes[0, 0].set_ylabel("entropy, of the\nlargest possible (%)")
    axes[1, 0].set_ylabel("effective nodes")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), **below(3))
    return fig
