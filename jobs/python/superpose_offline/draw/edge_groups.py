"""Attention by edge group while each thought is generated, beside the published (RbS Table 1).

usage: edge_groups PROBE_FILE... [--copied] [--layer L] [--checkpoint STEP] [--output DIR]

The weight that an edge's three tokens receive, summed over heads: mean and standard deviation for
edges not reachable, reachable, frontier and optimal. A weight is never negative: where the
deviation is larger than the mean, its bar ends at 0. The published values are of 8 heads; for
another number of heads they are shown scaled to it. Probes that differ in the seed only share a
panel, with the range of their means in place of the deviation. With --copied an edge receives what
goes to the tokens that hold it, copied one layer below, in place of its own three tokens. Writes
edge_groups.png and .pdf (edge_groups_copied), and the table on stdout.
Exit codes: 0 done, 2 usage, 5 no file can be read or written.
"""

from pathlib import Path

from .. import command, published
from ..files.hdf5 import name_apart, skip_unusable
from ..files.probe_file import Probe
from ..files.seeds import by_setting, names_of
from .group_points import (draw_groups, draw_published_groups, points_of, print_groups, spread_text,
                           thought_axis, titles_of)
from .style import GROUPS, add_legend, panels, save


def measured(probe, checkpoint, layer, copied=False):
    """{group: Values by thought}; copied: by what each token holds of an edge, not by its place."""
    name = "edge_attention_routed" if copied else "edge_attention"
    return {group: probe.statistics.of(f"{name}_{group}", layer)[checkpoint] for group in GROUPS}


def knows_what_was_copied(probe):
    """Not so in files of an older superpose."""
    return all(f"edge_attention_routed_{group}" in probe.statistics.values for group in GROUPS)


def scaled_published(n_head):
    """Published (mean, standard deviation) for this number of heads."""
    scale = published.head_scale(n_head)
    return {group: [(mean * scale, std * scale) for mean, std in row]
            for group, row in published.EDGE_ATTENTION.items()}


def published_label(n_head):
    return f"published ({published.EDGE_ATTENTION_SOURCE}{published.times_heads(n_head)})"


def draw_panel(ax, probes, step, layer, copied):
    """Of probes that differ in the seed."""
    statistics = probes[0].statistics
    seeds = [measured(probe, probe.index(step), layer, copied) for probe in probes]
    draw_groups(ax, statistics.thoughts, points_of(seeds), lowest=0)
    draw_published_groups(ax, statistics.thoughts, scaled_published(statistics.n_head),
                          published_label(statistics.n_head), lowest=0)
    thought_axis(ax, statistics.thoughts, sum(seeds[0][g].count for g in GROUPS[:2]))


def draw_edge_groups(settings, step=None, layer=None, copied=False):
    """settings: lists of probes that differ in the seed."""
    fig, axes = panels(titles_of(settings, step), 1, [2.8], "")
    for probes, ax in zip(settings, axes[0]):
        draw_panel(ax, probes, step, probes[0].statistics.search_layer(layer), copied)
    what = "to the copies of an edge" if copied else "on an edge"
    axes[0, 0].set_ylabel(f"attention weight {what},\nheads summed\n({spread_text(settings)})")
    add_legend(fig, axes, n_columns=2)
    return fig


def print_table(probes, step, layer, copied):
    statistics = probes[0].statistics
    layer, table = statistics.search_layer(layer), scaled_published(statistics.n_head)

    def text(group, thought):
        entry = published.of_thought(table, group, thought)
        return "-" if entry is None else f"{entry[0]:.3f} ± {entry[1]:.3f}"

    print_groups(f"{names_of(probes)}: layer {layer}, {published_label(statistics.n_head)}",
                 statistics.thoughts,
                 points_of([measured(probe, probe.index(step), layer, copied) for probe in probes]),
                 text)


def draw(arguments):
    probes = skip_unusable(arguments.probes, Probe)
    name_apart(probes)
    settings = by_setting(probes)
    for members in settings:
        print_table(members, arguments.checkpoint, arguments.layer, arguments.copied)
    save(draw_edge_groups(settings, arguments.checkpoint, arguments.layer, arguments.copied),
         command.output_directory(arguments, arguments.probes[0]),
         "edge_groups_copied" if arguments.copied else "edge_groups")


def add_arguments(parser):
    parser.add_argument("probes", nargs="+", type=Path, metavar="PROBE_FILE",
                        help="written by superpose probe")
    parser.add_argument("--copied", action="store_true",
                        help="attention to the copies of an edge (RbS: every | copies its own)")
    parser.add_argument("--layer", type=command.positive, metavar="L",
                        help="from 1 (default: the last)")
    command.add_checkpoint_option(parser)
    command.add_output_option(parser)
    parser.set_defaults(work=draw)
