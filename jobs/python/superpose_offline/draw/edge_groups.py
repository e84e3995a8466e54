"""Attention by edge group while each thought is generated, beside the published (RbS Table 1).

usage: edge_groups PROBE_FILE... [--layer L] [--checkpoint STEP] [--output DIR]

The weight that an edge's three tokens receive, summed over heads: mean and standard deviation for
edges not reachable, reachable, frontier and optimal. A weight is never negative: where the
deviation is larger than the mean, its bar ends at 0. The published values are of 8 heads; for
another number of heads they are shown scaled to it. Writes edge_groups.png and .pdf, a panel a
probe file, and the table on stdout.
Exit codes: 0 done, 2 usage, 5 no file can be read or written.
"""

from pathlib import Path

from .. import command, published
from ..files.hdf5 import name_apart, skip_unusable
from ..files.probe_file import Probe
from .group_points import draw_groups, draw_published_groups, print_groups, thought_axis
from .style import GROUPS, add_legend, checkpoint_names, panels, save


def measured(probe, checkpoint, layer):
    """{group: Values by thought}."""
    return {group: probe.statistics.of(f"edge_attention_{group}", layer)[checkpoint]
            for group in GROUPS}


def scaled_published(n_head):
    """Published (mean, standard deviation) for this number of heads."""
    scale = published.head_scale(n_head)
    return {group: [(mean * scale, std * scale) for mean, std in row]
            for group, row in published.EDGE_ATTENTION.items()}


def published_label(n_head):
    return f"published ({published.EDGE_ATTENTION_SOURCE}{published.times_heads(n_head)})"


def draw_panel(ax, probe, checkpoint, layer):
    statistics = probe.statistics
    values = measured(probe, checkpoint, layer)
    draw_groups(ax, statistics.thoughts, {g: v.mean for g, v in values.items()},
                {g: v.std for g, v in values.items()}, lowest=0)
    draw_published_groups(ax, statistics.thoughts, scaled_published(statistics.n_head),
                          published_label(statistics.n_head), lowest=0)
    thought_axis(ax, statistics.thoughts, sum(values[g].count for g in GROUPS[:2]))


def draw_edge_groups(probes, step=None, layer=None):
    fig, axes = panels(checkpoint_names(probes, step), 1, [2.8], "")
    for probe, ax in zip(probes, axes[0]):
        draw_panel(ax, probe, probe.index(step), probe.statistics.search_layer(layer))
    axes[0, 0].set_ylabel("attention weight on an edge,\nheads summed (mean ± std)")
    add_legend(fig, axes, n_columns=2)
    return fig


def print_table(probe, step, layer):
    layer = probe.statistics.search_layer(layer)
    values = measured(probe, probe.index(step), layer)
    table = scaled_published(probe.statistics.n_head)

    def text(group, thought):
        entry = published.of_thought(table, group, thought)
        return "-" if entry is None else f"{entry[0]:.3f} ± {entry[1]:.3f}"

    print_groups(f"{probe.name}: layer {layer}, {published_label(probe.statistics.n_head)}",
                 probe.statistics.thoughts, {g: v.mean for g, v in values.items()},
                 {g: v.std for g, v in values.items()}, text)


def draw(arguments):
    probes = skip_unusable(arguments.probes, Probe)
    name_apart(probes)
    for probe in probes:
        print_table(probe, arguments.checkpoint, arguments.layer)
    save(draw_edge_groups(probes, arguments.checkpoint, arguments.layer),
         command.output_directory(arguments, arguments.probes[0]), "edge_groups")


def add_arguments(parser):
    parser.add_argument("probes", nargs="+", type=Path, metavar="PROBE_FILE",
                        help="written by superpose probe")
    parser.add_argument("--layer", type=command.positive, metavar="L",
                        help="from 1 (default: the last)")
    command.add_checkpoint_option(parser)
    command.add_output_option(parser)
    parser.set_defaults(work=draw)
