"""Inner products of each thought with the embeddings of nodes, by group (RbS Fig. 6, Table 5).

usage: inner_products PROBE_FILE... [--checkpoint STEP] [--output DIR]

Writes, as PNG and PDF, and the table on stdout:
  inner_products   means and standard deviations beside the published; probes that differ in the
                   seed only share a panel, with the range of their means
  inner_product_histograms_<name>   their distribution, a panel a thought, for each probe file
Exit codes: 0 done, 2 usage, 5 no file can be read or written.
"""

from pathlib import Path

from matplotlib import pyplot as plt
import numpy as np

from .. import command, published
from ..files.hdf5 import name_apart, skip_unusable
from ..files.probe_file import Probe
from ..files.seeds import by_setting, names_of
from .group_points import (draw_groups, draw_published_groups, points_of, print_groups, spread_text,
                           thought_axis, titles_of)
from .style import GROUP_COLOURS, GROUPS, add_legend, panels, plain, save, words

N_BINS = 40


def measured(probe, checkpoint):
    """{group: Values by thought}."""
    return {group: probe.statistics.of(f"inner_product_{group}")[checkpoint] for group in GROUPS}


def published_intervals():
    """Published ranges over three seeds as (centre, half width)."""
    return {group: [((high + low) / 2, (high - low) / 2) for low, high in row]
            for group, row in published.INNER_PRODUCT.items()}


def draw_means(settings, step=None):
    """settings: lists of probes that differ in the seed."""
    fig, axes = panels(titles_of(settings, step), 1, [2.8], "")
    for probes, ax in zip(settings, axes[0]):
        thoughts = probes[0].statistics.thoughts
        seeds = [measured(probe, probe.index(step)) for probe in probes]
        draw_groups(ax, thoughts, points_of(seeds))
        draw_published_groups(ax, thoughts, published_intervals(),
                              f"published, range of three seeds ({published.INNER_PRODUCT_SOURCE})")
        thought_axis(ax, thoughts, sum(seeds[0][g].count for g in GROUPS[:2]))
        ax.axhline(0, color="#bbbbbb", linewidth=0.7, zorder=0)
    axes[0, 0].set_ylabel(f"inner product of thought and\nnode embedding\n({spread_text(settings)})")
    add_legend(fig, axes, n_columns=2)
    return fig


def products_of(probe, products, group, thought_index):
    """All inner products of a thought with the nodes of a group, problems strung together."""
    members = probe.problems[f"node_{group}"][:, thought_index] == 1
    return products[:, thought_index][members]


def draw_histogram(ax, probe, products, thought_index, bins):
    for group in GROUPS:
        values = products_of(probe, products, group, thought_index)
        if len(values) == 0:
            continue
        colour = GROUP_COLOURS[group]
        ax.hist(values, bins, density=True, histtype="stepfilled", color=colour, alpha=0.25)
        ax.hist(values, bins, density=True, histtype="step", color=colour, linewidth=1.2)
        ax.plot([], [], color=colour, linewidth=2.5,
                label=f"{words(group)}: mean {values.mean():.2f}, n = {len(values)}")
        ax.axvline(values.mean(), color=colour, linewidth=0.9, linestyle=(0, (4, 2)))


def draw_histograms(probe, step=None):
    """A row a thought, so that the groups line up."""
    checkpoint, thoughts = probe.index(step), probe.statistics.thoughts
    products = probe.raw("inner_products", checkpoint)
    finite = products[np.isfinite(products)]
    bins = np.linspace(finite.min(), finite.max(), N_BINS + 1)
    fig, axes = plt.subplots(len(thoughts), 1, squeeze=False, sharex=True,
                             figsize=(6.4, 1.0 + 1.45 * len(thoughts)),
                             gridspec_kw={"hspace": 0.35})
    for i, ax in enumerate(axes[:, 0]):
        draw_histogram(ax, probe, products, i, bins)
        ax.set_ylabel("density")
        ax.set_title(f"thought {thoughts[i]}", loc="left", fontsize=9, fontweight="bold", pad=3)
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.05))
    axes[-1, 0].set_xlabel("inner product of thought and node embedding\n"
                           f"({plain(probe.name)}, step {probe.steps[checkpoint]}; dashed: means)")
    return fig


def published_text(group, thought):
    entry = published.of_thought(published.INNER_PRODUCT, group, thought)
    return "-" if entry is None else f"{entry[0]:.2f} to {entry[1]:.2f}"


def draw(arguments):
    probes = skip_unusable(arguments.probes, Probe)
    name_apart(probes)
    directory = command.output_directory(arguments, arguments.probes[0])
    settings = by_setting(probes)
    for members in settings:
        print_groups(f"{names_of(members)}: inner products, {published.INNER_PRODUCT_SOURCE}",
                     members[0].statistics.thoughts,
                     points_of([measured(p, p.index(arguments.checkpoint)) for p in members]),
                     published_text)
    save(draw_means(settings, arguments.checkpoint), directory, "inner_products")
    for probe in probes:
        name = probe.name.replace(" ", "_").replace("/", "_")
        save(draw_histograms(probe, arguments.checkpoint), directory,
             f"inner_product_histograms_{name}")


def add_arguments(parser):
    parser.add_argument("probes", nargs="+", type=Path, metavar="PROBE_FILE",
                        help="written by superpose probe")
    command.add_checkpoint_option(parser)
    command.add_output_option(parser)
    parser.set_defaults(work=draw)
