"""Attention of one layer on one problem, as a map from position to position (RbS Fig. 5).

usage: attention_map PROBE_FILE [--problem N] [--layer L] [--head H] [--tokens N]
                        [--checkpoint STEP] [--output DIR]

Draws the first tokens of the prompt; the heads are summed unless one is chosen. Boxes mark, for
each edge token <e> (`|`), its own source and target: a layer that copies edges has its attention
there. Writes attention_map_layer<L>_problem<N>.png and .pdf.
Exit codes: 0 done, 2 usage, 5 no file can be read or written.
"""

from pathlib import Path

from matplotlib import pyplot as plt
import numpy as np

from .. import command
from ..files.hdf5 import Failure, UsageError
from ..files.probe_file import Probe
from .style import ORANGE, plain, save


def place_of(probe, layer, problem):
    """Indices of the raw problem and layer."""
    raw_layers = list(map(int, probe.raw_layers))
    if layer not in raw_layers:
        raise UsageError(f"{probe.path} keeps no attention of layer {layer} (it keeps "
                         f"{raw_layers}); choose another --layer, or probe again with --raw-layers")
    kept = list(probe.problems.get("raw_problem_index", []))
    if not kept:
        raise Failure(f"{probe.path} keeps no attention (--raw-problems was 0); probe again with "
                      "more")
    if problem not in kept:
        raise UsageError(f"{probe.path} keeps no attention of problem {problem} (it keeps "
                         f"{kept[0]} to {kept[-1]}); choose another --problem")
    return kept.index(problem), raw_layers.index(layer)


def read_map(probe, checkpoint, layer, problem, head=None):
    """(query positions, weights by query and key): heads summed, or one of them."""
    place, raw_layer = place_of(probe, layer, problem)
    weights = probe.raw("attention_weights", checkpoint, (place, raw_layer))
    if head is not None and head > len(weights):
        raise UsageError(f"{probe.path} has {len(weights)} heads (--head is {head}); choose "
                         "another")
    queries = probe.problems["position_query"][place]
    known = queries >= 0
    summed = weights.sum(axis=0) if head is None else weights[head - 1]
    return queries[known], summed[known]


def token_labels(probe, checkpoint, problem):
    ids = probe.problems["tokens"][problem]
    table = probe.token_names(probe.raw("wte", checkpoint).shape[0])
    return [table[i] for i in ids[ids >= 0]]


def mark_copies(ax, probe, problem, rows, n_keys):
    """A box around the cells by which an edge token reads its own edge."""
    label = "own source and target of <e>"
    for source, target, bar in probe.problems["position_edge"][problem]:
        if bar < 0 or bar not in rows or max(source, target) >= n_keys:
            continue
        for key in (source, target):
            ax.add_patch(plt.Rectangle((key - 0.5, rows.index(bar) - 0.5), 1, 1, fill=False,
                                       edgecolor=ORANGE, linewidth=1, label=label))
            label = None


def draw_map(probe, checkpoint, layer=1, problem=0, head=None, n_tokens=25):
    queries, weights = read_map(probe, checkpoint, layer, problem, head)
    labels = token_labels(probe, checkpoint, problem)[:n_tokens]
    shown = queries < len(labels)
    if not shown.any():
        raise Failure(f"{probe.path} keeps no attention from the first {n_tokens} tokens (it was "
                      "probed with --raw-queries thoughts); probe again with all, or give more "
                      "--tokens")
    rows = list(map(int, queries[shown]))
    cells = weights[shown][:, :len(labels)]
    cells = np.where(np.array(rows)[:, None] >= np.arange(len(labels)), cells, np.nan)
    size = 1.2 + 0.17 * len(labels)
    fig, ax = plt.subplots(figsize=(size + 0.6, size * max(0.4, len(rows) / len(labels))))
    image = ax.imshow(cells, cmap="Blues", vmin=0, aspect="equal")
    mark_copies(ax, probe, problem, rows, len(labels))
    ax.set_xticks(range(len(labels)), labels, rotation=90, fontsize=7.5)
    ax.set_yticks(range(len(rows)), [labels[row] for row in rows], fontsize=7.5)
    ax.set_xlabel("key (token attended to)")
    ax.set_ylabel("query (token attending)")
    ax.legend(loc="upper right")
    which = "heads summed" if head is None else f"head {head}"
    title = f"{probe.name}: layer {layer}, problem {problem}, step {probe.steps[checkpoint]}"
    ax.set_title(plain(title), loc="left", fontsize=9, fontweight="bold")
    bar = fig.colorbar(image, ax=ax, shrink=0.8, pad=0.03)
    bar.set_label(f"attention weight, {which}")
    bar.outline.set_visible(False)
    return fig


def draw(arguments):
    probe = Probe(arguments.probe)
    fig = draw_map(probe, probe.index(arguments.checkpoint), arguments.layer, arguments.problem,
                   arguments.head, arguments.tokens)
    save(fig, command.output_directory(arguments, arguments.probe),
         f"attention_map_layer{arguments.layer}_problem{arguments.problem}")


def add_arguments(parser):
    parser.add_argument("probe", type=Path, metavar="PROBE_FILE", help="written by superpose probe")
    parser.add_argument("--problem", type=int, default=0, metavar="N",
                        help="its place in the problem file, from 0 (default: 0)")
    parser.add_argument("--layer", type=command.positive, default=1, metavar="L",
                        help="from 1 (default: 1)")
    parser.add_argument("--head", type=command.positive, metavar="H",
                        help="one head, from 1 (default: their sum)")
    parser.add_argument("--tokens", type=command.positive, default=25, metavar="N",
                        help="how many tokens from the beginning (default: 25)")
    command.add_checkpoint_option(parser)
    command.add_output_option(parser)
    parser.set_defaults(work=draw)
