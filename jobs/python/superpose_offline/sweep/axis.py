"""Where the values of an axis of a sweep lie along x, and several series beside each other."""

import textwrap

import numpy as np
from matplotlib import ticker

from ..draw.style import plain

# Share of the axis that two tick labels take at least.
ROOM = 0.09


def is_geometric(values):
    """Whether ratios suit the values better than differences."""
    ascending = np.unique(values)
    if len(ascending) < 3 or ascending[0] <= 0 or ascending[-1] < 4 * ascending[0]:
        return False
    differences, ratios = np.diff(ascending), np.diff(np.log(ascending))
    return ratios.max() / ratios.min() < differences.max() / differences.min()


class Placing:
    """x of the values of an axis: to scale (linear or logarithmic), or evenly spaced where they are
    labels or numbers too close to tell apart."""

    def __init__(self, axis, n_series=1):
        self.axis = axis
        self.n_series = n_series
        self._log = axis.is_numeric and is_geometric(axis.values)
        self._to_scale = axis.is_numeric and self._has_room()
        self._at = self._transformed() if self._to_scale else np.arange(1.0 * len(axis.values))

    def _transformed(self):
        values = np.array(self.axis.values, dtype=float)
        return np.log(values) if self._log else values

    def _has_room(self):
        at = np.unique(self._transformed())
        return 1 < len(at) and np.diff(at).min() >= ROOM * np.ptp(at) or len(at) > 8

    @property
    def gap(self):
        return np.diff(np.unique(self._at)).min() if len(self._at) > 1 else 1

    def of_series(self, i):
        """Series i, moved aside from the others."""
        return self._to_data(self._at + self._step * (i - (self.n_series - 1) / 2))

    def beside_series(self, i):
        return self._to_data(self._at + self._step * (i - (self.n_series - 1) / 2 + 0.3))

    @property
    def _step(self):
        """From one series to the next."""
        spread = 0.5 if not self.axis.is_numeric else 0.3
        return min(spread * self.gap / max(self.n_series, 2), 0.05 * (np.ptp(self._at) + self.gap))

    def _to_data(self, at):
        return np.exp(at) if self._to_scale and self._log else at

    @property
    def title(self):
        if not self.axis.is_numeric:
            return self.axis.name
        spaced = "" if self._to_scale or len(self._at) == 1 else " (evenly spaced)"
        return (self.axis.setting or self.axis.name) + spaced

    def show(self, ax, room_inches):
        """Scale, limits and ticks."""
        if self._to_scale and self._log:
            ax.set_xscale("log")
        margin = 0.6 * self.gap
        ax.set_xlim(self._to_data(self._at.min() - margin), self._to_data(self._at.max() + margin))
        ax.xaxis.set_minor_locator(ticker.NullLocator())
        if self._to_scale and len(self._at) > 8:
            ax.xaxis.set_major_formatter("{x:g}")
            return
        ax.set_xticks(self._to_data(self._at), self._labels(room_inches))

    def _labels(self, room_inches):
        width = max(5, int(12 * room_inches / len(self._at)))
        return [plain(textwrap.fill(text, width)) for text in self.axis.texts]

    def label_lines(self, room_inches):
        """Of the highest tick label."""
        return max(label.count("\n") + 1 for label in self._labels(room_inches))
