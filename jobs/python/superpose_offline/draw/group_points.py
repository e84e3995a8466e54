"""Values of the groups of nodes or edges by thought, measured beside published, in one panel.

Of one seed a value is a mean with its standard deviation; of several it is the mean of their means,
with the range from the lowest to the highest."""

from dataclasses import dataclass

import numpy as np

from .methods import method_of, title_of
from .style import GROUP_COLOURS, GROUPS, words

WIDTH = 0.8  # of a thought's share of the axis


@dataclass
class Points:
    """Of one group, by thought: values and the ends of their bars. spread: what the bars are."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spread: str

    def text(self, i):
        if self.spread == "std":
            return f"{self.value[i]:.3f} ± {self.high[i] - self.value[i]:.3f}"
        return f"{self.value[i]:.2f} ({self.low[i]:.2f} to {self.high[i]:.2f})"


def points_of(seeds):
    """{group: Points} of the {group: Values by thought} of each seed."""
    return {group: of_one(seeds[0][group]) if len(seeds) == 1 else
            of_several(np.array([values[group].mean for values in seeds])) for group in GROUPS}


def of_one(values):
    return Points(values.mean, values.mean - values.std, values.mean + values.std, "std")


def of_several(means):
    """means: [seed, thought]."""
    return Points(means.mean(axis=0), means.min(axis=0), means.max(axis=0), "range of seeds")


def titles_of(settings, step=None):
    """What stands above the panel of probes that differ in the seed."""
    return [f"{method_of(probes[0].configuration)}, {len(probes)} seeds" if len(probes) > 1 else
            f"{title_of(probes[0])}, step {probes[0].steps[probes[0].index(step)]}"
            for probes in settings]


def spread_text(settings):
    """What the bars of panels with these probes are."""
    several = {len(probes) > 1 for probes in settings}
    if len(several) > 1:
        return "mean ± std; of several seeds, range"
    return "mean and range of seeds" if True in several else "mean ± std"


def bars_of(centres, below, lowest, above=None):
    """Lengths of bars that reach so far below and above their centres, which end at `lowest`;
    above: as far as below without it."""
    shortened = np.clip(np.subtract(centres, lowest), 0, below)
    return np.array([shortened, below if above is None else above])


def draw_groups(ax, thoughts, points, lowest=-np.inf):
    """points: {group: Points}; lowest: the least that a value can be, where its bar ends."""
    step = WIDTH / len(GROUPS)
    for place, (group, of_group) in enumerate(points.items()):
        x = thoughts - WIDTH / 2 + (place + 0.3) * step
        bars = bars_of(of_group.value, of_group.value - of_group.low, lowest,
                       above=of_group.high - of_group.value)
        ax.errorbar(x, of_group.value, bars, fmt="o", markersize=4.5, capsize=2, linewidth=1.1,
                    color=GROUP_COLOURS[group], label=f"{words(group)}, measured")


def draw_published_groups(ax, thoughts, intervals, label, lowest=-np.inf):
    """White diamonds with thin bars. intervals: {group: [(centre, half width)]} by thought."""
    step = WIDTH / len(GROUPS)
    for place, group in enumerate(GROUPS):
        known = intervals[group][:len(thoughts)]
        x = thoughts[:len(known)] - WIDTH / 2 + (place + 0.72) * step
        centres, halves = np.array(known).T
        ax.errorbar(x, centres, bars_of(centres, halves, lowest), fmt="D", markersize=4, capsize=0,
                    linewidth=0.8, color=GROUP_COLOURS[group], markerfacecolor="white",
                    label=label)
        label = None


def thought_axis(ax, thoughts, counts):
    """Thoughts as ticks, with the number of measurements of the widest group where it is small."""
    ax.set_xticks(thoughts, [f"thought {t}" for t in thoughts])
    ax.set_xlim(thoughts[0] - 0.55, thoughts[-1] + 0.55)
    for thought in thoughts[:-1]:
        ax.axvline(thought + 0.5, color="#dddddd", linewidth=0.7, zorder=0)
    for thought, n in zip(thoughts, counts):
        ax.annotate(f"n = {n}", (thought, 1), xycoords=("data", "axes fraction"), xytext=(0, 2),
                    textcoords="offset points", ha="center", fontsize=7.5, color="#555555")


def print_groups(title, thoughts, points, published_text):
    """The table: for each group, measured values with their spread above the published."""
    print(f"{title}\n  {'':<26}" + "".join(f"{f'thought {t}':>24}" for t in thoughts))
    for group, of_group in points.items():
        rows = [("measured", [of_group.text(i) for i in range(len(thoughts))]),
                ("published", [published_text(group, t) for t in thoughts])]
        for label, cells in rows:
            print(f"  {words(group):<16}{label:<10}" + "".join(f"{cell:>24}" for cell in cells))
