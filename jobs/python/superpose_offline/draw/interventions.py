"""Answers after a thought is changed, by the strength of the change: is the superposition used?

usage: interventions PROBE_FILE [--candidates] [--checkpoint STEP] [--output DIR]

A panel an intervention (`superpose probe --intervene`), a line for each changed thought, of the n
problems that have it; a dashed line is the accuracy without it, of the same problems. rescale: 0
removes the component along the nodes of the group, 1 changes nothing. All others: 0 changes
nothing, 1 replaces the thought. With --candidates the better of the two candidates counts instead of the whole vocabulary.
Writes interventions.png and .pdf (interventions_candidates).
Exit codes: 0 done, 2 usage, 5 no file can be read or written.
"""

from pathlib import Path

from matplotlib import pyplot as plt
import numpy as np

from .. import command
from ..files.hdf5 import Failure
from ..files.probe_file import Probe
from .style import GREY, MARKERS, add_legend, plain, save, sequence, share_axis, words

N_COLUMNS = 3


def changed_label(thought):
    return "every thought" if thought == 0 else f"thought {thought}"


def changed_labels(probe, checkpoint):
    """Of each changed thought, with the number of problems that have it: a swap takes two problems
    of as many hops, and may find no partner for one."""
    for i, thought in enumerate(probe.changed_thoughts):
        counts = [int(columns["problems"][checkpoint][i].max())
                  for columns in probe.interventions.values()]
        n = " to ".join(map(str, sorted({min(counts), max(counts)})))
        yield f"after, {changed_label(thought)} (n = {n})"


def draw_panel(ax, probe, columns, checkpoint, prefix, colours):
    before, after = (columns[f"{prefix}accuracy_{when}"][checkpoint]
                     for when in ("before", "after"))
    problems = columns["problems"][checkpoint]
    for i, (label, colour) in enumerate(zip(changed_labels(probe, checkpoint), colours)):
        if problems[i].max() == 0:
            continue
        ax.plot(probe.strengths, after[i], color=colour, marker=MARKERS[i % len(MARKERS)],
                markersize=4, label=label)
        ax.plot(probe.strengths, before[i], color=colour, linewidth=0.9, linestyle=(0, (4, 2)),
                zorder=1)


def draw_interventions(probe, step=None, candidates=False):
    if not probe.interventions:
        raise Failure(f"{probe.path} has no interventions (it was probed without); probe again with "
                      "--intervene rescale,swap,nearest_token,keep_strongest")
    n, checkpoint = len(probe.interventions), probe.index(step)
    n_rows = -(-n // N_COLUMNS)
    fig, axes = plt.subplots(n_rows, min(n, N_COLUMNS), squeeze=False, sharex=True, sharey=True,
                             figsize=(1 + 2.3 * min(n, N_COLUMNS), 1.1 + 1.9 * n_rows),
                             gridspec_kw={"hspace": 0.42, "wspace": 0.12,
                                          "bottom": 0.7 / (1.1 + 1.9 * n_rows)})
    colours = ["black", *sequence(len(probe.changed_thoughts) - 1)]
    for ax, (name, columns) in zip(axes.flat, probe.interventions.items()):
        draw_panel(ax, probe, columns, checkpoint, "candidate_" if candidates else "", colours)
        ax.set_title(plain(words(name)), loc="left", fontsize=9, fontweight="bold")
        share_axis(ax)
        ax.xaxis.set_major_formatter("{x:g}")
    for ax in axes.flat[n:]:
        ax.set_visible(False)
    label_axes(axes, n, "candidates right (%)" if candidates else "answers right (%)")
    axes[0, 0].plot([], [], color=GREY, linewidth=0.9, linestyle=(0, (4, 2)),
                    label="before, the same problems")
    add_legend(fig, axes, n_columns=3)
    return fig


def label_axes(axes, n, y_label):
    """x under the lowest panel of each column, y beside the first of each row."""
    n_columns = axes.shape[1]
    for i, ax in enumerate(axes.flat[:n]):
        if i + n_columns >= n:
            ax.set_xlabel("strength")
            ax.tick_params(labelbottom=True)
        if i % n_columns == 0:
            ax.set_ylabel(y_label)


def effect(probe, name, thought=0, step=None):
    """(strengths, accuracy before, accuracy after by strength, problems) of one intervention."""
    columns, checkpoint = probe.interventions[name], probe.index(step)
    row = int(np.flatnonzero(probe.changed_thoughts == thought)[0])
    problems = int(columns["problems"][checkpoint, row].max())
    return (probe.strengths, columns["accuracy_before"][checkpoint, row, 0],
            columns["accuracy_after"][checkpoint, row], problems)


def full_effect(probe, name, step):
    """(strength, problems, accuracy before and after) where the intervention is whole: rescale
    removes at 0, the others replace at 1."""
    strengths, before, after, problems = effect(probe, name, step=step)
    whole = int(np.argmin(np.abs(strengths - (0 if name.startswith("rescale") else 1))))
    return strengths[whole], problems, before, after[whole]


def full_effects(probe):
    """{intervention: full_effect} at the last checkpoint."""
    return {name: full_effect(probe, name, int(probe.steps[-1])) for name in probe.interventions}


def draw(arguments):
    probe = Probe(arguments.probe)
    fig = draw_interventions(probe, arguments.checkpoint, arguments.candidates)
    save(fig, command.output_directory(arguments, arguments.probe),
         "interventions_candidates" if arguments.candidates else "interventions")


def add_arguments(parser):
    parser.add_argument("probe", type=Path, metavar="PROBE_FILE", help="written by superpose probe")
    parser.add_argument("--candidates", action="store_true",
                        help="count the better of the two candidates")
    command.add_checkpoint_option(parser)
    command.add_output_option(parser)
    parser.set_defaults(work=draw)
