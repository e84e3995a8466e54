"""The look of all figures: colours, panels, legends, files."""

import io
import textwrap

from matplotlib import pyplot as plt, ticker
import numpy as np

# Okabe and Ito's colours: told apart with every kind of colour vision.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"
SKY, PINK, YELLOW = "#56B4E9", "#CC79A7", "#E69F00"
CYCLE = [BLUE, ORANGE, GREEN, PINK, SKY, YELLOW, "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
STYLE = {
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.4,
    "lines.markersize": 3,
    "pdf.fonttype": 42,  # text stays text
    "savefig.dpi": 150,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.05,
}
REFERENCE = {"color": GREY, "linestyle": (0, (4, 2)), "linewidth": 0.9}
PUBLISHED = {"color": "black", "marker": "D", "markerfacecolor": "white", "markersize": 5,
             "linestyle": "none", "zorder": 5}
# Inches.
MARGIN, GAP = 0.7, 0.3
NEAR_ONE = 0.9  # where the axis of shares near 1 begins

# Groups of nodes and edges, from the widest to the narrowest (io/FORMAT.md). The frontier is that of
# walks, as in the published numbers beside which all of these figures stand.
GROUPS = ["not_reachable", "reachable", "walk_frontier", "optimal"]
GROUP_COLOURS = dict(zip(GROUPS, (GREY, SKY, BLUE, ORANGE)))


def plain(text):
    """A text with names that users chose, to be drawn letter by letter: `$` begins no mathtext, a
    label that begins with `_` is not left out of a legend, and a byte that is no UTF-8 or a control
    character becomes a sign of its own."""
    text = str(text).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    text = "".join(c if c.isprintable() or c == "\n" else " " if c.isspace() else "\ufffd"
                   for c in text).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def words(name):
    return name.replace("_", " ")


def sequence(n):
    """n colours that go from dark to light, for what has an order (hops, thoughts)."""
    return plt.get_cmap("viridis")(np.linspace(0, 0.8, max(n, 1)))


def mark_stages(ax, stages, numbers=True):
    """A thin line where a stage begins and, where there is room, its number above the panel.
    stages: (stage, begin, end) along x, from 0."""
    word = "stage "
    for i, (stage, begin, end) in enumerate(stages):
        if i > 0:
            ax.axvline(begin, color="#bbbbbb", linewidth=0.7, zorder=0)
        room = (end - begin) / stages[-1][2]
        if not numbers or room < 0.05:
            continue
        ax.annotate(f"{word if room > 0.16 else ''}{stage}", ((begin + end) / 2, 1),
                    xycoords=("data", "axes fraction"), xytext=(0, 3),
                    textcoords="offset points", ha="center", fontsize=8, color=GREY)
        word = "" if room > 0.16 else word


def panels(columns, n_rows, heights, x_label, share_x="col", width=None):
    """A figure of n_rows panels a column; its edges are trimmed or widened to fit when it is saved.
    `columns`: their titles; heights and width of a panel in inches."""
    n = len(columns)
    width = width or (4.4 if n == 1 else 3.3 if n < 4 else 2.6)
    height = sum(heights) + GAP * (n_rows - 1)
    total_width = n * width + GAP * (n - 1) + 2 * MARGIN
    total_height = height + 2 * MARGIN
    fig, axes = plt.subplots(
        n_rows, n, squeeze=False, sharex=share_x, sharey="row", figsize=(total_width, total_height),
        gridspec_kw={
            "left": MARGIN / total_width, "right": 1 - MARGIN / total_width,
            "bottom": MARGIN / total_height, "top": 1 - MARGIN / total_height,
            "wspace": GAP / width, "hspace": GAP * n_rows / sum(heights),
            "height_ratios": heights})
    for title, ax in zip(columns, axes[0]):
        ax.set_title(plain(textwrap.fill(title, int(13 * width))), loc="left", fontsize=9,
                     fontweight="bold", pad=16)
    for ax in axes[-1]:
        ax.set_xlabel(plain(x_label))
    fig.align_ylabels(axes[:, 0])
    return fig, axes


def grid(n_rows, n_columns, width=3.4, height=2.5, **shared):
    """A figure of panels, each of this size in inches, laid out by matplotlib."""
    fig, axes = plt.subplots(n_rows, n_columns, squeeze=False, layout="constrained",
                             figsize=(width * n_columns, height * n_rows), **shared)
    return fig, axes


def below(n_columns):
    """Where fig.legend goes: under the figure, which grows by it when it is saved."""
    return {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "ncol": n_columns}


def title(ax, text):
    """A heading at the left of a panel."""
    ax.set_title(text, loc="left", fontsize=9, fontweight="bold")


def whole_numbers(axes):
    for ax in axes.flat:
        ax.xaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))


def names(items):
    return [item.name for item in items]


def add_legend(fig, axes, n_columns=4, lower=0.42):
    """One legend for all panels, `lower` inches under them; a label of several panels appears
    once. Returns it."""
    entries = {}
    for ax in axes.flat:
        for handle, label in zip(*ax.get_legend_handles_labels()):
            entries.setdefault(label, handle)
    below_axis_label = (0.5, (MARGIN - lower) / fig.get_figheight())
    return fig.legend(entries.values(), entries.keys(), loc="upper center", ncol=n_columns,
                      bbox_to_anchor=below_axis_label, borderaxespad=0, columnspacing=1.4)


def add_note(fig, legend, paragraphs):
    """Small print under the legend, as wide as the figure."""
    bottom = legend.get_window_extent(fig.canvas.get_renderer()).y0 / fig.bbox.height
    characters = int(19 * max(fig.get_figwidth() - 0.6, 3))
    text = "\n".join(textwrap.fill(paragraph, characters) for paragraph in paragraphs if paragraph)
    fig.text(0.5, bottom - 0.06 / fig.get_figheight(), plain(text), ha="center", va="top",
             fontsize=7.5, color="#444444", multialignment="left")


def share_axis(ax):
    """The axis of a share: 0 to 1, shown in per cent."""
    ax.set_ylim(-0.03, 1.03)
    ax.set_yticks(np.linspace(0, 1, 5))
    ax.yaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0, symbol=""))


def near_one_axis(ax):
    """The upper end of the same axis, where 98 and 100 % are told apart."""
    ax.set_ylim(NEAR_ONE - 0.003, 1.003)
    ax.set_yticks(np.linspace(NEAR_ONE, 1, 6))
    ax.yaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0, symbol=""))


def save(fig, outputs, name):
    """NAME.png and NAME.pdf; closes the figure."""
    path = outputs.folder / name
    for ending, metadata in ((".png", {"Software": outputs.mark}),
                             (".pdf", {"Creator": outputs.mark, "CreationDate": None})):
        image = io.BytesIO()
        fig.savefig(image, format=ending[1:], metadata=metadata)
        outputs.write(path.with_name(name + ending), image.getvalue())
    plt.close(fig)
    print(f"{path}.png, .pdf")
