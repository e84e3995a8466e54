"""The figure of `superpose theory threshold`; theory.py reads the file and saves it."""

from matplotlib import pyplot as plt
import numpy as np

from .style import BLUE, GREY, ORANGE, REFERENCE, sequence


def edges_of(code, n):
    """The edges (s, t) of a graph from its number in the file: a bit s n + t for each of them."""
    return [divmod(place, n) for place in range(n * n) if int(code) >> place & 1]


def draw_smallest(ax, smallest):
    """The failing graph with fewest edges of the kind that questions have, without self-loops."""
    found = (smallest["unreached"] == 1) & (smallest["loops"] == 0) & (smallest["failing"] > 0)
    ax.set_axis_off()
    ax.set_aspect("equal")
    if not found.any():
        searched = smallest["n_nodes"][(smallest["unreached"] == 1) & (smallest["loops"] == 0)]
        ax.set_title(f"no graph of up to {searched.max()} nodes fails", loc="left", fontsize=9)
        return
    row = {name: values[found][0] for name, values in smallest.items()}
    n, lost, edges = row["n_nodes"], row["node"], edges_of(row["example"], row["n_nodes"])
    ring = [v for v in range(n - 1) if v != lost]
    angle = {v: 2 * np.pi * (i + 0.5) / len(ring) for i, v in enumerate(ring)}
    at = {v: np.array([np.cos(a), np.sin(a)]) for v, a in angle.items()}
    into = next(s for s, t in edges if t == lost)
    at[lost], at[n - 1] = 2.1 * at[into], np.array([-1.2, -1.2])
    for s, t in edges:
        ax.annotate("", at[t], at[s], arrowprops={
            "arrowstyle": "->", "shrinkA": 7, "shrinkB": 7, "linewidth": 0.8,
            "color": ORANGE if t == lost else GREY, "connectionstyle": "arc3,rad=0.12"})
    for v, (x, y) in at.items():
        colour = BLUE if v == 0 else ORANGE if v == lost else "white"
        ax.plot(x, y, "o", markersize=12, color=colour, markeredgecolor="black",
                markeredgewidth=0.7, clip_on=False)
        ax.annotate(str(v), (x, y), ha="center", va="center", fontsize=8,
                    color="white" if v in (0, lost) else "black")
    ax.set_xlim(min(x for x, _ in at.values()) - 0.3, max(x for x, _ in at.values()) + 0.3)
    ax.set_ylim(min(y for _, y in at.values()) - 0.3, max(y for _, y in at.values()) + 0.3)
    ax.set_title(f"smallest: n = {n}, {len(edges)} edges\nroot 0, node {lost} is lost", loc="left",
                 fontsize=9, fontweight="bold")


def draw_cliques(ax, cliques):
    size = cliques["clique"]
    ax.plot(size, cliques["weight"], color=BLUE, marker="o", linestyle="none",
            label="weight of the tail")
    ax.plot(size, cliques["into"] / (np.sqrt(3) * cliques["attended"]), color=BLUE, linewidth=0.9,
            label=r"B.3: $1 / (\sqrt{3}\,|I_c|)$, edges")
    ax.plot(size, 1 / (np.sqrt(3) * (size + 1)), label=r"B.4: $1 / (\sqrt{3}\,|\Delta_c|)$, nodes",
            **REFERENCE)
    ax.plot(size, cliques["eps_2_paper"], color=ORANGE, label=r"the paper's threshold, $1 / (4 n)$")
    ax.plot(size, cliques["eps_2_ours"], color="black", linewidth=0.9,
            label=r"ours, $1 / (2\sqrt{3}\,E)$")
    ax.set_yscale("log")
    ax.set_xlabel("nodes of the clique")
    ax.set_ylabel("weight before the threshold")
    ax.set_title("cliques with a tail", loc="left", fontsize=9, fontweight="bold")


def draw_densities(ax, densities):
    sizes = np.unique(densities["n_nodes"])
    share = {rule: 100 * densities[f"incomplete_{rule}"] / densities["graphs"]
             for rule in ("paper", "ours")}
    for n, colour in zip(sizes, sequence(len(sizes))):
        of_n = densities["n_nodes"] == n
        per_node = densities["n_edges"][of_n] / n
        ax.plot(per_node, share["paper"][of_n], color=colour, marker="o", label=f"n = {n}, 1 / (4 n)")
        ax.plot(per_node, share["ours"][of_n], color="black", linewidth=0.9, marker=".")
    ax.axvline(4 / np.sqrt(3), **REFERENCE)
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    ax.set_ylim(-3, 103)
    ax.set_xlabel("edges a node")
    ax.set_ylabel("graphs that lose a node (%)")
    ax.set_title(f"random graphs, {densities['graphs'][0]} each", loc="left", fontsize=9,
                 fontweight="bold")


def draw_threshold(tables):
    fig, axes = plt.subplots(1, 3, layout="constrained", figsize=(8.4, 2.7),
                             width_ratios=(0.8, 1, 1.1))
    draw_smallest(axes[0], tables["smallest"])
    draw_cliques(axes[1], tables["cliques"])
    draw_densities(axes[2], tables["densities"])
    entries = [ax.get_legend_handles_labels() for ax in axes[1:]]
    fig.legend(*(sum(both, []) for both in zip(*entries)), loc="upper center",
               bbox_to_anchor=(0.5, 0), ncol=3)
    return fig
