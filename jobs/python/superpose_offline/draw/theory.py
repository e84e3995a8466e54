"""Draws the results of `superpose theory construct`, `threshold`, `chains`, `dimension`, `forward`, `flow`
and `predict`.

usage: theory FILE... [--run RUN] [--output DIR]

Reads files of superpose theory (layout: io/FORMAT.md) and writes, as PNG and PDF, what they hold:
  construct    answers by number of thoughts; weights inside and outside V_c
  precision    attention a chooser loses, by length of the prompt, width and number format
  sizes        answers and errors of thoughts by nodes of the graph and number format
  threshold    the smallest graph on which RbS Proposition B.4's threshold loses a node, cliques with
               a tail, and the share of random graphs by edges a node (theory_threshold.py)
  chains       steps of discrete chains of thought beside those of the superposition
  flow         the index-matching logit mu(t) of single steps under both losses
  dimension    dimensions that almost orthogonal embeddings take, by vocabulary
  forward      one-step expansion of the simplified transformer, and its distance from the formula
  bounds       mu(t) of single steps between its bounds
  evenness     how evenly the nodes of the next step are weighed along the flow
  descent      gradient descent on the whole matrix W beside the flow
  predict      approach to the max-margin direction; answers by step of gradient descent
  overlay      with --run, a run.h5 that holds attention/index_matching_difference: mu(t) of the flow
               laid over the measured attention difference, in shape, not scale
Exit codes: 0 done, 2 usage, 5 a file cannot be read or written.
"""

from pathlib import Path

import h5py
from matplotlib import pyplot as plt
import numpy as np

from .. import command
from ..files.hdf5 import UsageError, open_hdf5
from ..files.run_history import Run
from .style import BLUE, GREEN, GREY, ORANGE, REFERENCE, below, grid, save, title
from .theory_chains import draw_chains
from .theory_dimension import draw_dimension
from .theory_forward import draw_bounds, draw_evenness, draw_forward
from .theory_threshold import draw_threshold

MEASURED = "index_matching_difference"
ENCODINGS = {"sinusoidal": "sinusoidal", "rope": "RoPE, ours", "rope_position": "RoPE, Lemma 6"}
FORMATS = ("f64", "f32", "bf16")
N_OVERLAID = 4     # thoughts
LEAST_RECORDS = 3  # the overlay fits a height and a scale of time to them
SAFETY = 16  # leaks beyond SAFETY times the allowed one pass the threshold of the MLP


def read_theory(path):
    """{table: {column: array}} of a file of superpose theory."""
    with open_hdf5(path, "superpose_theory") as file:
        return {table: {name: column[()] for name, column in file[table].items()}
                for table in file if isinstance(file[table], h5py.Group)}


def read_measured(path):
    """Epochs completed and the measured difference [epoch, layer, thought] of a run."""
    run = Run(path)
    if run.statistics is None:
        raise UsageError(f"{run.path} holds no attention/{MEASURED} (the run did not record its "
                         "attention); give a run with record.every, or leave --run out")
    epochs, measured = run.statistics.epochs, run.statistics.of(MEASURED).mean
    known = int(np.isfinite(measured[:, -1, :N_OVERLAID]).sum(axis=0).max())
    if known < LEAST_RECORDS:
        raise UsageError(f"{run.path} has recorded attention at {known} "
                         f"epoch{'' if known == 1 else 's'} only (an overlay needs "
                         f"{LEAST_RECORDS}: a curve of two scales fits any two); train with "
                         "--record.every 1, or leave --run out")
    return epochs, measured


def draw_construct(tables):
    answers, graphs = tables["answers"], tables["graphs"]
    fig, (left, right) = plt.subplots(1, 2, layout="constrained", figsize=(7, 2.8))
    share = 100 * answers["right"] / np.maximum(answers["asked"], 1)
    offsets = answers["offset"]
    labels = [f"{o:+d}" if o else "0" for o in offsets]
    labels[0], labels[-1] = f"≤{offsets[0]}", f"≥{labels[-1]}"
    left.bar(offsets, share, color=np.where(offsets < 0, GREY, BLUE))
    left.set_xticks(offsets, labels)
    left.set_xlabel("thoughts beyond the hops to the target, C − H")
    left.set_ylabel("answers right (%)")
    title(left, f"{len(graphs['graph']):,} graphs")
    nodes = graphs["n_nodes"]
    style = {"linestyle": "none", "marker": ".", "markersize": 2, "rasterized": True}
    right.plot(nodes, graphs["smallest_reachable"], color=BLUE, **style)
    outside = np.maximum(graphs["largest_other"], 1e-30)
    right.plot(nodes, outside, color=ORANGE, **style)
    right.axhline(1, **REFERENCE)
    right.set_yscale("log")
    right.set_ylim(outside.min() / 10, 1e4)
    right.annotate("threshold", (0.02, 0.7), xycoords=("axes fraction", "data"), va="top",
                   color=GREY, fontsize=8.5)
    marks = [plt.Line2D([], [], color=colour, marker="o", linestyle="none", markersize=4)
             for colour in (BLUE, ORANGE)]
    right.legend(marks, ["smallest in V_c", "largest elsewhere (1e-30: none)"],
                 **below(2) | {"bbox_to_anchor": (0.5, -0.22)})
    right.set_xlabel("nodes")
    right.set_ylabel("weight of a node / eps")
    return fig


def encodings_of(table, column):
    """Those of ENCODINGS that the table has; files of earlier versions lack the last one."""
    return {key: name for key, name in ENCODINGS.items() if f"{column}_{key}_f64" in table}


def draw_precision(tables):
    choosers = tables["choosers"]
    encodings = encodings_of(choosers, "leak")
    positions, widths = choosers["positions"], choosers["d_pe"]
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.9, len(widths)))
    fig, axes = grid(len(encodings), 3, width=2.7, height=2.2, sharex=True, sharey=True)
    for row, (encoding, name) in zip(axes, encodings.items()):
        for ax, precision in zip(row, FORMATS):
            leak = choosers[f"leak_{encoding}_{precision}"]
            for w, width in enumerate(widths):
                ax.plot(positions, np.maximum(leak[:, w], 1e-9), color=colours[w], marker=".",
                        label=f"{width}")
            allowed = choosers[f"allowed_{encoding}"][:, -1]  # the same for every width
            ax.plot(positions, SAFETY * allowed, **REFERENCE)
            ax.set_xscale("log", base=2)
            ax.set_yscale("log")
            title(ax, f"{name}, {precision}")
    for ax in axes[-1]:
        ax.set_xlabel("positions of the sequence")
    for ax in axes[:, 0]:
        ax.set_ylabel("attention lost")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    limit = plt.Line2D([], [], **REFERENCE)
    fig.legend([*handles, limit], [*(f"$d_{{PE}}$ = {label}" for label in labels), "limit"],
               **below(4))
    return fig


def draw_sizes(tables):
    formats = tables["formats"]
    encodings = encodings_of(formats, "right")
    fig, axes = grid(2, len(encodings), width=3.2, height=1.9, sharex=True, sharey="row")
    for (encoding, name), top, bottom in zip(encodings.items(), *axes):
        for precision, colour in zip(FORMATS, (BLUE, ORANGE, GREEN)):
            style = {"color": colour, "marker": "o", "label": precision}
            top.plot(formats["n_nodes"], 100 * formats[f"right_{encoding}_{precision}"], **style)
            error = np.maximum(formats[f"thought_error_{encoding}_{precision}"], 1e-17)
            bottom.plot(formats["n_nodes"], error, **style)
        title(top, name)
        bottom.set_yscale("log")
        bottom.set_xscale("log", base=2)
        bottom.set_xlabel("nodes of the graphs")
    axes[0, 0].set_ylim(-3, 103)
    axes[0, 0].set_ylabel("answers right (%)")
    axes[1, 0].set_ylabel("error of a thought\n(1e-17: none)")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), **below(3))
    return fig


def draw_flow(tables):
    paths, steps = tables["paths"], tables["steps"]
    t = paths["t"][1:]
    n = min(12, paths["mu_coconut"].shape[1])
    bounded = steps["d_p"][:n] < steps["d_max"][:n]
    fig, axes = grid(1, 3, width=2.7, height=2.6)
    panels = [("mu_coconut", "coconut loss", "index-matching logit µ"),
              ("F_coconut", "coconut loss", "F(µ) − $d_p$"),
              ("mu_bfs", "BFS loss", "index-matching logit µ")]
    for ax, (column, name, label) in zip(axes[0], panels):
        for i in range(n):
            values = paths[column][1:, i]
            if column == "F_coconut":
                values = values - steps["d_p"][i]
            ax.plot(t, values, color=BLUE if bounded[i] else ORANGE, linewidth=0.9)
        ax.set_xscale("log")
        ax.set_xlabel("time t (V / α)")
        ax.set_ylabel(label)
        title(ax, name)
    axes[0, 1].axhline(0, **REFERENCE)
    for star in steps["mu_star"][:n][bounded]:
        axes[0, 0].plot(t[-1] * 2, star, color=BLUE, marker="<", markersize=4, clip_on=False)
    lines = [plt.Line2D([], [], color=BLUE), plt.Line2D([], [], color=ORANGE),
             plt.Line2D([], [], color=BLUE, marker="<", markersize=4, linestyle="none")]
    fig.legend(lines, ["$d_p < d_{max}$", "$d_p = d_{max}$", "fixed point µ*"],
               **below(3))
    return fig


def draw_descent(tables):
    sgd = tables["sgd"]
    fig, axes = grid(2, 2, width=3.4, height=2.1, sharex=True)
    names = (("coconut", "coconut loss"), ("bfs", "BFS loss"))
    for (loss, name), top, bottom in zip(names, *axes):
        top.plot(sgd["problems"], sgd[f"mu_full_{loss}"], color=ORANGE, label="flow of (µ, ν)")
        top.plot(sgd["problems"], sgd[f"mu_scalar_{loss}"], **REFERENCE, label="flow of µ, ν = 0")
        top.errorbar(sgd["problems"], sgd[f"diagonal_{loss}"], 2 * sgd[f"diagonal_error_{loss}"],
                     color=BLUE, linestyle="none", marker=".", linewidth=0.8,
                     label="descent on W, mean ± 2 s.e.")
        spread = sgd[f"diagonal_spread_{loss}"]
        top.fill_between(sgd["problems"], sgd[f"diagonal_{loss}"] - spread,
                         sgd[f"diagonal_{loss}"] + spread, color=BLUE, alpha=0.15, linewidth=0,
                         label="spread over symbols")
        title(top, name)
        bottom.plot(sgd["problems"], sgd[f"nu_full_{loss}"], color=ORANGE)
        bottom.errorbar(sgd["problems"], sgd[f"rest_{loss}"], 2 * sgd[f"rest_error_{loss}"],
                        color=BLUE, linestyle="none", marker=".", linewidth=0.8)
        bottom.plot(sgd["problems"], sgd[f"rest_rms_{loss}"], color=GREEN, linewidth=0.9,
                    label="root mean square")
        bottom.axhline(0, **REFERENCE)
        bottom.set_xlabel("problems drawn (thousands)")
        bottom.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}")
    axes[0, 0].set_ylabel("diagonal of W")
    axes[1, 0].set_ylabel("off the diagonal")
    entries = [ax.get_legend_handles_labels() for ax in (axes[0, 0], axes[1, 0])]
    fig.legend(entries[0][0] + entries[1][0], entries[0][1] + entries[1][1],
               **below(3))
    return fig


def draw_predict(tables):
    paths, sets, descent = tables["paths"], tables["sets"], tables["descent"]
    names = ["uniform λ, one problem", "uniform λ, all problems", "λ of the flow, all problems"]
    colours = [GREEN, BLUE, ORANGE]
    fig, axes = grid(1, 3, width=2.7, height=2.6)
    direction, ratio, answers = axes[0]
    for i, (name, colour) in enumerate(zip(names, colours)):
        direction.plot(paths["s"], paths["off_direction"][:, i], color=colour, label=name)
        ratio.plot(paths["s"], paths["mu_A"][:, i] / paths["mu_R"][:, i], color=colour)
        ratio.axhline(sets["ratio_max_margin"][i], color=colour, linestyle=(0, (4, 2)), linewidth=0.9)
    late = paths["s"] > 10
    direction.plot(paths["s"][late], 3 * paths["off_direction"][-1, 1] * paths["s"][-1]
                   / paths["s"][late], **REFERENCE, label="∝ 1 / log t")
    direction.set_yscale("log")
    direction.set_ylabel("off the max-margin direction")
    ratio.set_ylabel("µ$_A$ / µ$_R$   (dashed: max-margin)")
    for ax in (direction, ratio):
        ax.set_xscale("log")
        ax.set_xlabel("log (1 + t)")
    nats = answers.twinx()
    nats.spines["right"].set_visible(True)
    for i, (colour, marker) in enumerate(((BLUE, "o"), (ORANGE, "."))):
        answers.plot(descent["step"], 100 * descent["accuracy_unseen"][:, i], color=colour,
                     marker=marker)
        nats.plot(descent["step"], descent["loss"][:, i], color=colour, linestyle=":")
    nats.set_ylim(bottom=0)
    nats.set_ylabel("loss (nat, dotted)")
    answers.set_xscale("log")
    answers.set_ylim(-3, 103)
    answers.set_xlabel("steps of gradient descent")
    answers.set_ylabel("unseen answers right (%)")
    fig.legend(*direction.get_legend_handles_labels(), **below(2))
    return fig


def fitted(t, mu, epochs, measured):
    """mu at the epochs, with the scales of time and of height that suit the measured values best."""
    best = None
    for rate in np.geomspace(1e-3, 1e3, 241):  # flow time of an epoch
        shape = np.interp(rate * epochs, t, mu)
        height = (shape @ measured) / (shape @ shape)
        error = np.sum((height * shape - measured) ** 2)
        if best is None or error < best[0]:
            best = error, height * shape
    explained = 1 - best[0] / np.sum((measured - measured.mean()) ** 2)
    return best[1], explained


def draw_overlay(tables, epochs, measured):
    average = tables["average"]
    layer = measured[:, -1, :]
    n = min(N_OVERLAID, layer.shape[1])
    fig, axes = grid(1, n, width=2.6, height=2.4, sharey=True)
    for thought, ax in enumerate(axes[0]):
        known = np.isfinite(layer[:, thought])
        title(ax, f"thought {thought + 1}")
        ax.set_xlabel("epochs completed")
        if known.sum() < LEAST_RECORDS:
            continue
        x, y = epochs[known], layer[known, thought]
        ax.plot(x, y, color=GREY, marker=".", linestyle="none", label="measured, last layer")
        for loss, colour, name in (("coconut", BLUE, "flow, coconut loss"),
                                   ("bfs", ORANGE, "flow, BFS loss")):
            curve, explained = fitted(average["t"], average[f"mu_{loss}_scalar"], x, y)
            ax.plot(x, curve, color=colour, label=name)
            print(f"overlay: thought {thought + 1}, {name}: explains {100 * explained:.1f} %")
    axes[0, 0].set_ylabel("attention logit difference")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), **below(3))
    return fig


FIGURES = [("construct", "answers", draw_construct), ("precision", "choosers", draw_precision),
           ("sizes", "formats", draw_sizes), ("threshold", "densities", draw_threshold),
           ("chains", "by_nodes", draw_chains),
           ("dimension", "needed", draw_dimension),
           ("forward", "expansion", draw_forward), ("bounds", "evenness", draw_bounds),
           ("evenness", "evenness", draw_evenness), ("flow", "steps", draw_flow), ("descent", "sgd", draw_descent),
           ("predict", "descent", draw_predict)]


def draw_all(arguments):
    paths = arguments.files
    directory = command.output_directory(arguments, paths[0])
    files = [(path, read_theory(path)) for path in paths]
    flows = [tables for _, tables in files if "average" in tables]
    if arguments.run and not flows:
        raise UsageError("--run needs a file of superpose theory flow (its logit is laid over the "
                         "measured difference); name one")
    measured = read_measured(arguments.run) if arguments.run else None  # before anything is drawn
    for path, tables in files:
        prefix = f"{path.stem}_" if len(paths) > 1 else ""
        for name, table, draw in FIGURES:
            if table in tables:
                save(draw(tables), directory, prefix + name)
    if measured:
        save(draw_overlay(flows[0], *measured), directory, "overlay")


def add_arguments(parser):
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE",
                        help="written by superpose theory")
    parser.add_argument("--run", type=Path, help="run.h5, or its directory, to lay the flow over")
    command.add_output_option(parser)
    parser.set_defaults(work=draw_all)
