"""Answer accuracy of methods with 95 % intervals over seeds, beside the published (RbS Fig. 4).

usage: methods RESULT... [--output DIR]

RESULT is a file of `superpose evaluate --json`, or a run directory (its evaluation*.json, without
one the last evaluation of its run.h5). Runs are grouped by method, layers and width of their
configuration; of one seed only the latest step counts. Writes methods_<problem file>.png and .pdf,
one figure a problem file, and the table on stdout.
Exit codes: 0 done, 2 usage, 5 no file can be read or written.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import command, intervals, published
from ..files.evaluation_file import evaluations_of
from ..files.hdf5 import skip_unusable
from ..files.measures import Measure
from .style import BLUE, ORANGE, PUBLISHED, add_legend, panels, plain, save, share_axis

MEASURES = [(Measure.ACCURACY, BLUE, "all problems"),
            (Measure.ACCURACY_EQUAL_DEPTH, ORANGE, "equally deep candidates")]
OF_HOW_MANY = {Measure.ACCURACY: Measure.N_PROBLEMS,
               Measure.ACCURACY_EQUAL_DEPTH: Measure.N_PROBLEMS_EQUAL_DEPTH}


@dataclass
class Bar:
    """One measure of one method over its seeds; low, high: 95 % interval, NaN where none is
    known."""

    mean: float
    low: float
    high: float
    values: list
    interval: str  # how it was made


@dataclass
class Method:
    name: str
    n_layer: int
    n_embd: int
    evaluations: list

    @property
    def label(self):
        return f"{self.name}\n{self.n_layer} layers\nn_embd {self.n_embd}"

    @property
    def published(self):
        return published.accuracies(self.name, self.n_layer, self.n_embd)

    def bar(self, measure=Measure.ACCURACY):
        found = [(e[measure], e[OF_HOW_MANY[measure]]) for e in self.evaluations]
        found = [(v, n) for v, n in found if v is not None and np.isfinite(v)]
        values = [v for v, _ in found]
        if len(values) > 1:
            return Bar(*intervals.over_seeds(values), values, f"t, {len(values)} seeds")
        if values and found[0][1]:
            return Bar(values[0], *intervals.wilson(values[0], found[0][1]), values,
                       f"Wilson, 1 seed, {found[0][1]} problems")
        return Bar(values[0] if values else np.nan, np.nan, np.nan, values, "no interval, 1 seed")


def method_of(configuration):
    """Its name; with the candidate set and the labels, where those are not the published ones."""
    method = configuration["method"]
    return (method["name"] + (" (exact frontier)" if method.get("exact_frontier") else "")
            + (" (every hop labelled)" if method.get("supervise") == "all" else ""))


def latest_of_seeds(evaluations):
    """One evaluation a method (with depth and width) and seed: that of the latest step."""
    latest = {}
    for e in evaluations:
        model, method = e.configuration["model"], method_of(e.configuration)
        key = (method, model["n_layer"], model["n_embd"]), e.configuration["train"]["seed"]
        if key not in latest or latest[key].step < e.step:
            latest[key] = e
    return latest


def same_data(evaluations):
    """Lists of those on one problem file: by its hash, by its name where a history holds no
    hash."""
    hash_of = {e.data: e.data_hash for e in evaluations if e.data_hash}
    by_data = {}
    for e in evaluations:
        by_data.setdefault(e.data_hash or hash_of.get(e.data, e.data), []).append(e)
    return by_data.values()


def group(evaluations):
    """{problem file: [Method]}, in the order of first appearance."""
    result = {}
    for members in same_data(evaluations):
        methods = {}
        for (method, _), e in latest_of_seeds(members).items():
            methods.setdefault(method, Method(*method, [])).evaluations.append(e)
        data = members[0].data
        result[data if data not in result else f"{data} "
                                               f"{members[0].data_hash}"] = list(methods.values())
    return result


def draw_bars(ax, methods):
    for offset, (measure, colour, label) in zip((-0.19, 0.19), MEASURES):
        bars = [method.bar(measure) for method in methods]
        x = np.arange(len(methods)) + offset
        means = np.array([bar.mean for bar in bars])
        margins = np.array([(bar.mean - bar.low, bar.high - bar.mean) for bar in bars]).T
        ax.bar(x, means, 0.34, color=colour, alpha=0.75, label=label)
        ax.errorbar(x, means, np.maximum(margins, 0), fmt="none", ecolor="black", capsize=3,
                    linewidth=1)
        for at, bar in zip(x, bars):
            if len(bar.values) > 1:
                ax.plot([at] * len(bar.values), bar.values, ".", color="black", markersize=4,
                        label="a seed")


def draw_published(ax, methods):
    label = "published (RbS Fig. 4; EoS)"
    for x, method in enumerate(methods):
        for result in method.published:
            ax.plot(x - 0.31, result.value, **PUBLISHED, label=label)
            label = None


def interval_text(methods):
    found = sorted({method.bar().interval for method in methods})
    return "95 % interval: " + "; ".join(found)


def draw_methods(data, methods):
    fig, axes = panels([data], 1, [2.6], "", width=max(4.4, 1.2 * len(methods)))
    ax = axes[0, 0]
    draw_bars(ax, methods)
    draw_published(ax, methods)
    ax.set_xticks(range(len(methods)), [plain(method.label) for method in methods])
    spare = max(0, 3 - len(methods)) / 2  # few bars stay narrow, in the middle
    ax.set_xlim(-0.6 - spare, len(methods) - 0.4 + spare)
    share_axis(ax)
    ax.set_ylabel("answers right (%)")
    ax.plot([], [], color="black", linewidth=1, label=interval_text(methods))
    add_legend(fig, axes, n_columns=2, lower=0.62)
    return fig


def print_table(data, methods):
    print(f"{data}\n  {'method':<24}{'layers':>7}{'seeds':>7}{'accuracy':>10}  95 % interval")
    for method in methods:
        bar = method.bar()
        print(f"  {method.name:<24}{method.n_layer:>7}{len(bar.values):>7}{100 * bar.mean:>8.2f} %"
              f"  {100 * bar.low:.2f} to {100 * bar.high:.2f} ({bar.interval})")


def draw_all(arguments):
    directory = command.output_directory(arguments, arguments.results[0])
    found = skip_unusable(arguments.results, evaluations_of)
    for data, methods in group([e for some in found for e in some]).items():
        print_table(data, methods)
        save(draw_methods(data, methods), directory, f"methods_{Path(data).stem}".replace(" ", "_"))


def add_arguments(parser):
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULT",
                        help="results of superpose evaluate --json, or a run directory")
    command.add_output_option(parser)
    parser.set_defaults(work=draw_all)
