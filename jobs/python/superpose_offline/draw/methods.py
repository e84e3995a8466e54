"""Answer accuracy of methods with 95 % intervals over seeds, beside the published (RbS Fig. 4).

usage: methods RESULT... [--output DIR]

RESULT is a file of `superpose evaluate --json`, or a run directory (its evaluation*.json, without
one the last evaluation of its run.h5). Runs are grouped by method, layers, heads and width of
their configuration; of one seed only the latest step counts. Intervals: the wider of Student's t
over the seeds and Wilson's of all their answers. Where a mean is above 90 %, a second panel shows
the upper end of the axis. Writes methods_<problem file>.png and .pdf, one figure a problem file,
and the table on stdout.
Exit codes: 0 done, 2 usage, 5 no file can be read or written.
"""

import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import command, intervals, published
from ..files.evaluation_file import evaluations_of
from ..files.hdf5 import skip_unusable
from ..files.measures import Measure
from .style import (BLUE, NEAR_ONE, ORANGE, PUBLISHED, add_legend, near_one_axis, panels, plain,
                    save, share_axis)

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
    interval: str     # how it was made
    values: list
    n_problems: list  # of each value, None where a history does not tell


@dataclass
class Method:
    """The evaluations of one method by models of one size, one a seed. name: the label of
    method_of; what is looked up by the name of the configuration takes base_name."""

    name: str
    n_layer: int
    n_head: int
    n_embd: int
    evaluations: list

    @property
    def base_name(self):
        """The name that papers give results for, whatever else the label says."""
        return self.evaluations[0].configuration["method"]["name"]

    @property
    def label(self):
        name = textwrap.fill(self.name, 20)
        return f"{name}\n{self.n_layer} layers, {self.n_head} heads\nn_embd {self.n_embd}"

    @property
    def published(self):
        return published.accuracies(self.base_name, self.n_layer, self.n_embd)

    def bar(self, measure=Measure.ACCURACY):
        found = [(e[measure], e[OF_HOW_MANY[measure]]) for e in self.evaluations]
        found = [(v, n) for v, n in found if v is not None and np.isfinite(v)]
        values, n_problems = [v for v, _ in found], [n and int(n) for _, n in found]
        return Bar(*intervals.of_accuracies(values, n_problems), values, n_problems)


def method_of(configuration):
    """Its label: the name; with the candidate set and the labels, where those are not the published
    ones."""
    method = configuration["method"]
    return (method["name"] + (" (exact frontier)" if method.get("exact_frontier") else "")
            + (" (every hop labelled)" if method.get("supervise") == "all" else ""))


def title_of(run):
    """A run, or its statistics, with its label."""
    return f"{run.name}: {method_of(run.configuration)}"


def key_of(configuration):
    """What runs of one method and size have in common: the first fields of Method."""
    model = configuration["model"]
    return method_of(configuration), model["n_layer"], model["n_head"], model["n_embd"]


def latest_of_seeds(evaluations):
    """{(key_of, seed): evaluation}: of one seed that of the latest step alone."""
    latest = {}
    for e in evaluations:
        key = key_of(e.configuration), e.configuration["train"]["seed"]
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


def n_text(bars):
    """Of how many problems each seed's share is, as far as it is known."""
    known = sorted({n for bar in bars for n in bar.n_problems if n})
    return f" (n = {' to '.join(map(str, dict.fromkeys((known[0], known[-1]))))})" if known else ""


def draw_bars(ax, methods, near_one=False):
    """near_one: points in place of bars, which would not begin at 0."""
    for offset, (measure, colour, label) in zip((-0.19, 0.19), MEASURES):
        bars = [method.bar(measure) for method in methods]
        x = np.arange(len(methods)) + offset
        means = np.array([bar.mean for bar in bars])
        margins = np.array([(bar.mean - bar.low, bar.high - bar.mean) for bar in bars]).T
        if near_one:
            ax.plot(x, means, "_", color=colour, markersize=18, markeredgewidth=2.5)
        else:
            ax.bar(x, means, 0.34, color=colour, alpha=0.75, label=label + n_text(bars))
        ax.errorbar(x, means, np.maximum(margins, 0), fmt="none", ecolor="black", capsize=3,
                    linewidth=1)
        draw_seeds(ax, x, bars)


def draw_seeds(ax, x, bars):
    """A point a seed, side by side where they are equal."""
    for at, bar in zip(x, bars):
        if len(bar.values) > 1:
            places = at + np.linspace(-0.06, 0.06, len(bar.values))
            ax.plot(places, bar.values, ".", color="black", markersize=4, label="a seed")


def draw_published(ax, methods):
    label = "published (RbS Fig. 4; EoS)"
    for x, method in enumerate(methods):
        for result in method.published:
            ax.plot(x - 0.34, result.value, **PUBLISHED, label=label)
            label = None


def interval_text(methods):
    several = any(len(method.evaluations) > 1 for method in methods)
    return "95 % interval: " + ("the wider of t over seeds and Wilson over all answers" if several
                                else "Wilson")


def is_near_one(methods):
    return any(method.bar(measure).mean > NEAR_ONE for method in methods for measure, *_ in MEASURES)


def draw_methods(data, methods):
    heights = [2.6, 1.7] if is_near_one(methods) else [2.6]
    fig, axes = panels([data], len(heights), heights, "", width=max(4.4, 1.5 * len(methods)))
    for ax, axis, near_one in zip(axes[:, 0], (share_axis, near_one_axis), (False, True)):
        draw_bars(ax, methods, near_one)
        draw_published(ax, methods)
        axis(ax)
        ax.set_ylabel("answers right (%)")
    ax.set_xticks(range(len(methods)), [plain(method.label) for method in methods])
    spare = max(0, 3 - len(methods)) / 2  # few bars stay narrow, in the middle
    ax.set_xlim(-0.6 - spare, len(methods) - 0.4 + spare)
    axes[0, 0].plot([], [], color="black", linewidth=1, label=interval_text(methods))
    n_lines = 1 + max(method.label.count("\n") for method in methods)
    add_legend(fig, axes, n_columns=2, lower=0.2 + 0.14 * n_lines)  # inches, under the labels
    return fig


def print_table(data, methods):
    width = max(24, *(len(method.name) + 2 for method in methods))
    print(f"{data}\n  {'method':<{width}}{'layers':>7}{'heads':>7}{'n_embd':>8}{'seeds':>7}"
          f"{'accuracy':>10}  95 % interval")
    for method in methods:
        bar = method.bar()
        print(f"  {method.name:<{width}}{method.n_layer:>7}{method.n_head:>7}{method.n_embd:>8}"
              f"{len(bar.values):>7}{100 * bar.mean:>8.2f} %  {100 * bar.low:.2f} to "
              f"{100 * bar.high:.2f} ({bar.interval})")


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
