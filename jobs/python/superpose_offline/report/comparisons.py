"""Each measure beside its published value, with a plain verdict. The rules are stated with each."""

from dataclasses import dataclass, field

import numpy as np

from .. import published
from ..draw.edge_groups import measured as edge_attention, scaled_published
from ..draw.inner_products import measured as inner_products
from ..draw.style import GROUPS, words
from . import setting, verdicts
from .verdicts import NOT_PUBLISHED, Target, checks

GROWS = 1.5  # times the first record


@dataclass
class Cell:
    """A measured number, kept exact, and how it is shown."""

    value: float
    text: str


@dataclass
class Comparison:
    """Rows of cells (text or Cell); order: verdict on sign and order, size: on magnitude."""

    subject: str
    columns: list
    rows: list
    order: str
    size: str
    statement: str
    rules: list = field(default_factory=list)


def number(value, digits=2, unit=""):
    if value is None or not np.isfinite(value):
        return "-"
    shown = round(float(value), digits) + 0.0  # no minus before a zero
    return Cell(float(value), f"{shown:.{digits}f}{unit}")


def percent(value):
    if value is None or not np.isfinite(value):
        return "-"
    return Cell(float(value), f"{100 * value:.2f} %")


def ordered(values):
    """Whether what is known of the values rises; equal neighbours pass."""
    known = [v for v in values if np.isfinite(v)]
    return all(a <= b + 1e-12 for a, b in zip(known, known[1:]))


def in_published_order(values, i):
    """Means of a thought rise from group to group; frontier and not reachable stand apart."""
    low, high = (values[group] for group in ("not_reachable", "walk_frontier"))
    gap = high.mean[i] - high.margin()[i] - (low.mean[i] + low.margin()[i])
    return ordered([values[group].mean[i] for group in GROUPS]) and bool(gap > 0)


def cell_of_seeds(seeds, group, i):
    """Mean over seeds of a group's mean at thought i; of one seed with its standard deviation."""
    means = [values[group].mean[i] for values in seeds]
    shown = number(float(np.mean(means)))
    if isinstance(shown, Cell):
        shown.text += (f" ± {seeds[0][group].std[i]:.2f}" if len(seeds) == 1 else
                       f" ({min(means):.2f} to {max(means):.2f})")
    return shown


def group_comparison(subject, probes, seeds, published_cell, target):
    """Means of the groups by thought beside published cells. seeds: {group: Values} of each probe,
    which differ in the seed; target(group, thought): None where nothing was published."""
    thoughts = probes[0].statistics.thoughts
    rows, sizes = [], []
    for group in GROUPS:
        cells = [words(group)]
        for i, thought in enumerate(thoughts):
            cells += [cell_of_seeds(seeds, group, i), published_cell(group, thought)]
            wanted = target(group, thought)
            if wanted and isinstance(cells[-2], Cell):
                sizes.append(verdicts.of_seeds([v[group].mean[i] for v in seeds], wanted))
        rows.append(cells)
    differences = setting_of(probes, "RbS")
    in_order = [all(in_published_order(values, i) for values in seeds)
                for i in range(len(thoughts))]
    statement = ("The groups stand in the published order (not reachable, reachable, frontier, "
                 f"optimal) for {sum(in_order)} of {len(thoughts)} thoughts, in each of "
                 f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''}. {size_statement(sizes)}")
    columns = ["group"] + [f"{what} {t}" for t in thoughts for what in ("thought", "published")]
    return Comparison(subject, columns, rows, checks(sum(in_order), len(in_order)),
                      verdicts.on_size(sizes, differences), statement,
                      [verdicts.RULE, "The frontier is the ends of walks, as in the published "
                       "notebook. Order: the means rise from group to group (equal ones pass), and "
                       "the 95 % intervals of frontier and not reachable stand apart."])


def size_statement(sizes):
    counted = ", ".join(f"{sizes.count(verdict)} {verdict}" for verdict in dict.fromkeys(sizes))
    return f"Of {len(sizes)} means: {counted}." if sizes else "No size was published."


def setting_of(probes, paper):
    """How the setting of probes that differ in the seed differs from a paper's."""
    return (setting.of_configuration(probes[0].configuration, paper)
            + setting.of_problems(probes[0].problems))


def compare_edges(probes):
    """The last checkpoints of probes that differ in the seed."""
    statistics = probes[0].statistics
    layer = statistics.search_layer()
    table = scaled_published(statistics.n_head)

    def cell(group, thought):
        entry = published.of_thought(table, group, thought)
        return "-" if entry is None else f"{entry[0]:.2f} ± {entry[1]:.2f}"

    def target(group, thought):
        entry = published.of_thought(table, group, thought)
        return None if entry is None else Target.number(entry[0])

    comparison = group_comparison(
        f"Attention by edge group, layer {layer} ({published.EDGE_ATTENTION_SOURCE})", probes,
        [edge_attention(probe, probe.index(), layer) for probe in probes], cell, target)
    comparison.rules.append(f"Published values are of 8 heads, shown times {statistics.n_head}/8; "
                            "± is their standard deviation over edges, no part of the rule.")
    return comparison


def compare_products(probes):
    """As compare_edges."""
    def cell(group, thought):
        entry = published.of_thought(published.INNER_PRODUCT, group, thought)
        return "-" if entry is None else f"{entry[0]:.2f} to {entry[1]:.2f}"

    def target(group, thought):
        entry = published.of_thought(published.INNER_PRODUCT, group, thought)
        return None if entry is None else Target.number(*entry)

    comparison = group_comparison(
        f"Inner products of thoughts and nodes ({published.INNER_PRODUCT_SOURCE})", probes,
        [inner_products(probe, probe.index()) for probe in probes], cell, target)
    comparison.rules.append("Published: the range over three seeds.")
    return comparison


def uniform_copying(problems):
    """Share of its attention that an edge's | would give its own source and target by looking at
    all positions alike."""
    bars = problems["position_edge"][:, :, 2]
    return float(np.mean(2 / (bars[bars >= 0] + 1)))


def compare_copying(statistics, time=-1, problems=None):
    share = statistics.of("copying").mean[time] / statistics.n_head
    source, target = (statistics.of(f"copying_{end}").mean[time] / statistics.n_head
                      for end in ("source", "target"))
    uniform = uniform_copying(problems) if problems else None
    rows = [[f"layer {layer}", percent(share[i]), percent(source[i]), percent(target[i]),
             "nearly all (figure)" if layer == 1 else "-"]
            for i, layer in enumerate(statistics.layers)]
    if uniform is not None:
        rows.append(["all positions alike", percent(uniform), "-", "-", "-"])
    others = max(share[1:], default=0)
    holds = [share[0] > others, share[0] > 0.5]
    statement = (f"In layer 1 an edge token gives {100 * share[0]:.0f} % of its attention to its "
                 f"own source and target, in the other layers at most {100 * others:.0f} %; the "
                 "published map has nearly all of it there.")
    return Comparison(
        f"Copying in layer 1 ({published.COPYING_SOURCE})",
        ["layer", "share on its edge", "on the source", "on the target", "published, layer 1"],
        rows, checks(sum(holds), 2), NOT_PUBLISHED, statement,
        ["Share: weight summed over heads, divided by their number. Sign and order: the share is "
         "the largest in layer 1, and above one half."])


def last_quarter_change(values):
    """Change over the last quarter of the records, as a share of the largest; None if too few."""
    known = values[np.isfinite(values)]
    if len(known) < 8 or np.max(np.abs(known)) == 0:
        return None
    return float((known[-1] - known[-1 - len(known) // 4]) / np.max(np.abs(known)))


def growth_shape(method, change):
    """(text, whether it is as published; None: nothing published or too short)."""
    if change is None:
        return "too few records to tell whether it saturates", None
    text = f"c = 1 changes by {100 * change:+.0f} % of its peak over the last quarter of them"
    expected = {"coconut": abs(change) <= 0.1, "coconut_bfs_loss": change > 0.02}
    return text, expected.get(method)


def grown_thoughts(values):
    """By c: whether the last record is above 0 by its interval, and above the first; None where
    nothing was measured."""
    first, last, margin = values.mean[0], values.mean[-1], values.margin()[-1]
    return [bool(last[i] - margin[i] > 0 and last[i] > first[i]) if np.isfinite(last[i]) else None
            for i in range(len(last))]


def growth_rows(runs, by_run, plateau):
    """First, last and largest mean of each c, over the seeds."""
    def row(i, c):
        first, last = (float(np.mean([v.mean[time][i] for v in by_run])) for time in (0, -1))
        largest = float(np.mean([np.nanmax(v.mean[:, i], initial=-np.inf) for v in by_run]))
        return [f"c = {c}", number(first), number(last),
                number(float(np.mean([v.margin()[-1][i] for v in by_run]))), number(largest),
                f"near {plateau:g}" if c == 1 and runs[0].method == "coconut" else "-"]

    return [row(i, c) for i, c in enumerate(runs[0].c)]


def growth_sizes(runs, by_run):
    """The plateau of c = 1 under coconut, the one size that was published."""
    last = [values.mean[-1][0] for values in by_run]
    if runs[0].method != "coconut" or not np.isfinite(last).all():
        return []
    return [verdicts.of_seeds(last, Target.number(published.GROWTH_PLATEAU))]


def compare_growth(runs, unlike=()):
    """runs: statistics over epochs that differ in the seed; unlike: how their problems differ from
    the papers', in words."""
    layer = runs[0].search_layer()
    by_run = [run.of("growth_difference_walk", layer) for run in runs]
    plateau = published.GROWTH_PLATEAU * runs[0].n_head / published.N_HEAD
    grown = [g for values in by_run for g in grown_thoughts(values) if g is not None]
    shapes = [growth_shape(run.method, last_quarter_change(values.mean[:, 0]))
              for run, values in zip(runs, by_run)]
    holds = grown + [shape for _, shape in shapes if shape is not None]
    statement = (f"The difference is positive and has grown for {sum(grown)} of {len(grown)} "
                 f"thoughts and seeds; {'; '.join(text for text, _ in shapes)}. Published for "
                 f"{runs[0].method}: {published.GROWTH_TEXT.get(runs[0].method, 'nothing')}.")
    return Comparison(
        f"Growth of the index-matching logit, layer {layer} ({published.GROWTH_SOURCE})",
        ["thought", "first record", "last record", "± (95 %)", "largest", "published"],
        growth_rows(runs, by_run, plateau), checks(sum(holds), len(holds)),
        verdicts.on_size(growth_sizes(runs, by_run),
                         setting.of_configuration(runs[0].configuration, "EoS") + list(unlike)),
        statement,
        [f"Logits are summed over heads; published of 8 heads, shown times {runs[0].n_head}/8. "
         "Every problem counts at every c, also beyond its hops. "
         "Sign and order: the last value is above 0 by its interval and above the first; "
         "saturates: within 10 % over the last quarter; keeps growing: by more than 2 %.",
         verdicts.RULE])


PREDICTION_ROWS = [("last_thought", "last thought"), ("root_mark", "[R]"), ("root", "root"),
                   ("target", "target"), ("other", "other candidate")]


def compare_prediction(statistics):
    search, n_head = statistics.search_layer(), statistics.n_head
    layers = sorted({1, search})

    def share(key, layer, time):
        return statistics.of(f"answer_attention_{key}", layer).mean[time] / n_head

    rows = [[f"[A] to {label}", *(percent(share(key, layer, time))
                                  for layer in layers for time in (0, -1)), expected]
            for (key, label), expected in zip(
                PREDICTION_ROWS, ("grows in layer 1", f"grows in layer {search}", "-",
                                  f"grows in layer {search}", f"grows in layer {search}"))]
    def grows(keys, layer):
        first, last = (sum(share(key, layer, time) for key in keys) for time in (0, -1))
        return bool(last > GROWS * first)

    carryover = grows(["last_thought"], 1)
    lift = grows(["root_mark", "target", "other"], search)
    elsewhere = share("last_thought", search, -1)
    statement = (
        "Attention of [A] to the last thought in layer 1 (residual carryover) "
        f"{'has grown' if carryover else 'has not grown'}, to [R] and the candidates in layer "
        f"{search} (candidate lift) {'has grown' if lift else 'has not grown'}. In layer {search}, "
        f"{100 * elsewhere:.0f} % of it goes to the last thought.")
    columns = ["attention", *(f"layer {layer}, {when}" for layer in layers
                              for when in ("first", "last")), "published"]
    return Comparison(f"Prediction stage ({published.PREDICTION_SOURCE})", columns, rows,
                      checks(int(carryover) + int(lift), 2), NOT_PUBLISHED, statement,
                      ["Share: weight summed over heads, divided by their number; first and last "
                       f"record. Grown: to more than {GROWS:g} times the first."])
