"""Each measure beside its published value, with a plain verdict. The rules are stated with each."""

from dataclasses import dataclass, field

import numpy as np

from .. import published
from ..draw.edge_groups import measured as edge_attention, scaled_published
from ..draw.inner_products import measured as inner_products
from ..draw.style import GROUPS, words
from . import setting, verdicts
from .verdicts import AGREES, DISAGREES, NOT_PUBLISHED, UNDECIDED, Target, of_check, on_order

GROWS = 1.5      # times the first record
ATTENDED = 0.05  # of the attention, from which on [A] looks somewhere


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


def over_seeds(values, show):
    """Their mean as `show` (number, percent) shows it, with the range where there are several."""
    cell = show(float(np.mean(values)))
    if isinstance(cell, Cell) and len(values) > 1:
        cell.text += f" ({text_of(show(min(values)))} to {text_of(show(max(values)))})"
    return cell


def text_of(cell):
    return cell.text if isinstance(cell, Cell) else str(cell)


def interval_by_problems(values, i, n_problems):
    """95 % interval of a group's mean at thought i. The edges or nodes of one problem are alike,
    and the deviation over all of them does not tell how much: each problem counts as one
    measurement, as if its edges were all the same, which is the widest the interval can be."""
    n = min(values.count[i], n_problems)
    margin = 1.96 * values.std[i] / np.sqrt(n) if n > 0 else np.nan
    return values.mean[i] - margin, values.mean[i] + margin


def order_at(values, i, n_problems, targets):
    """Verdicts on the neighbours among the groups that the paper tells apart at thought i, of one
    probe; targets: {group: Target or None} at this thought."""
    found = []
    for lower, upper in zip(GROUPS, GROUPS[1:]):
        apart = targets[lower] and targets[upper] and targets[upper].low > targets[lower].high
        if apart and np.isfinite([values[g].mean[i] for g in (lower, upper)]).all():
            found.append(verdicts.of_order(*(interval_by_problems(values[group], i, n_problems)
                                             for group in (lower, upper))))
    return found


def orders_by_thought(probes, seeds, target):
    """The verdict on the order of the groups at each thought of which an order was published, in
    all of the seeds."""
    orders = []
    for i, thought in enumerate(probes[0].statistics.thoughts):
        targets = {group: target(group, thought) for group in GROUPS}
        found = [verdict for probe, values in zip(probes, seeds)
                 for verdict in order_at(values, i, n_with_thought(probe, thought), targets)]
        orders += [verdicts.together(found)] if found else []
    return orders


def n_with_thought(probe, thought):
    """Problems that have this thought: a thought a hop."""
    return int(np.sum(probe.problems["hops"] >= thought))


def cell_of_seeds(seeds, group, i):
    """Mean over seeds of a group's mean at thought i; of one seed with its standard deviation."""
    shown = over_seeds([values[group].mean[i] for values in seeds], number)
    if isinstance(shown, Cell) and len(seeds) == 1:
        shown.text += f" ± {seeds[0][group].std[i]:.2f}"
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
    orders = orders_by_thought(probes, seeds, target)
    statement = ("Published order of the groups (not reachable, reachable, frontier, optimal), "
                 f"in {len(seeds)} seed{'s' if len(seeds) > 1 else ''}: "
                 f"{counted(orders)} of {len(orders)} thoughts. {size_statement(sizes)}")
    columns = ["group"] + [f"{what} {t}" for t in thoughts for what in ("thought", "published")]
    return Comparison(subject, columns, rows, on_order(orders),
                      verdicts.on_size(sizes, setting_of(probes, "RbS")), statement,
                      [verdicts.RULE, "The frontier is the ends of walks, as in the published "
                       "notebook. Order: where the paper's means differ from group to group, the "
                       "95 % intervals have to stand apart; overlapping ones are undecided. "
                       "Margin: 1.96 standard deviations over the root of the number of problems, "
                       "as if all edges or nodes of a problem were one measurement: the widest "
                       "that their likeness can make it."])


def counted(found):
    return ", ".join(f"{found.count(verdict)} × {verdict}" for verdict in dict.fromkeys(found))


def size_statement(sizes):
    return f"Of {len(sizes)} means: {counted(sizes)}." if sizes else "No size was published."


def setting_of(probes, paper):
    """How the setting of probes that differ in the seed differs from a paper's."""
    return (setting.of_problems(probes[0].problems)
            + setting.of_configuration(probes[0].configuration, paper))


COPIED = ("By what the tokens hold: A | of a long prompt may copy an edge near it in place of its own, "
          "and what layer 2 gives to that | then counts for the edge that it copied.")


def compare_edges(probes, copied=False):
    """The last checkpoints of probes that differ in the seed; copied: by what each token holds of an
    edge, not by its place."""
    statistics = probes[0].statistics
    layer = statistics.search_layer()
    table = scaled_published(statistics.n_head)

    def cell(group, thought):
        entry = published.of_thought(table, group, thought)
        return "-" if entry is None else f"{entry[0]:.2f} ± {entry[1]:.2f}"

    def target(group, thought):
        entry = published.of_thought(table, group, thought)
        return None if entry is None else Target.number(entry[0])

    how = ", by what was copied" if copied else ""
    comparison = group_comparison(
        f"Attention by edge group, layer {layer}{how} ({published.EDGE_ATTENTION_SOURCE})", probes,
        [edge_attention(probe, probe.index(), layer, copied) for probe in probes], cell, target)
    comparison.rules.append(f"Published values are of 8 heads, shown times {statistics.n_head}/8; "
                            "± is their standard deviation over edges, no part of the rule.")
    comparison.rules += [COPIED] if copied else []
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


def began_late(statistics):
    """Why growth cannot be told from the records, in words; empty where they begin in stage 0."""
    stage = statistics.first_stage
    if not stage:
        return ""
    return f"The first record lies in stage {stage}: what grew before it is not known."


def uniform_copying(problems):
    """Share of its attention that an edge's | would give its own source and target by looking at
    all positions alike."""
    bars = problems["position_edge"][:, :, 2]
    return float(np.mean(2 / (bars[bars >= 0] + 1)))


def copying_share(statistics, end=""):
    """Of its attention what an edge's | gives its own source and target (end: "_source", "_target"),
    by layer, in the last record."""
    return statistics.of(f"copying{end}").mean[-1] / statistics.n_head


def compare_copying(seeds, problems=None):
    """seeds: statistics that differ in the seed; problems: of a probe file, which tell how many
    positions an edge's | sees."""
    rows = [[f"layer {layer}",
             *(over_seeds([copying_share(s, end)[i] for s in seeds], percent)
               for end in ("", "_source", "_target")),
             "nearly all (figure)" if layer == 1 else "-"]
            for i, layer in enumerate(seeds[0].layers)]
    if problems is not None:
        rows.append(["all positions alike", percent(uniform_copying(problems)), "-", "-", "-"])
    shares = np.array([copying_share(s) for s in seeds])
    first, others = shares[:, 0], shares[:, 1:].max(axis=1, initial=0)
    statement = (f"In layer 1 an edge token gives {100 * first.mean():.0f} % of its attention to "
                 f"its own source and target, in the other layers at most {100 * others.max():.0f} "
                 "%; the published map has nearly all of it there.")
    return Comparison(
        f"Copying in layer 1 ({published.COPYING_SOURCE})",
        ["layer", "share on its edge", "on the source", "on the target", "published, layer 1"],
        rows, on_order([of_check(h) for h in [*(first > others), *(first > 0.5)]]), NOT_PUBLISHED,
        statement,
        ["Share: weight summed over heads, divided by their number. Sign and order: in every seed "
         "the share is the largest in layer 1, and above one half."])


def last_quarter_change(values):
    """Change over the last quarter of the records, as a share of the largest; None if too few."""
    known = values[np.isfinite(values)]
    if len(known) < 8 or np.max(np.abs(known)) == 0:
        return None
    return float((known[-1] - known[-1 - len(known) // 4]) / np.max(np.abs(known)))


def growth_shape(method, change):
    """(text, verdicts: none where nothing was published or the records are too few)."""
    if change is None:
        return "too few records to tell whether it saturates", []
    text = f"c = 1 changes by {100 * change:+.0f} % of its peak over the last quarter of them"
    expected = {"coconut": abs(change) <= 0.1, "coconut_bfs_loss": change > 0.02}
    return text, [of_check(expected[method])] if method in expected else []


def grown_thoughts(values):
    """By c, where it was measured: whether the last record lies above 0 and above the first."""
    mean, margin = values.mean, values.margin()
    low, high = mean - margin, mean + margin
    return [verdicts.of_order(np.fmax((low[0][i], high[0][i]), 0), (low[-1][i], high[-1][i]))
            for i in range(mean.shape[1]) if np.isfinite(mean[-1][i])]


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
    plateau = published.GROWTH_PLATEAU * published.head_scale(runs[0].n_head)
    grown = [verdict for values in by_run for verdict in grown_thoughts(values)]
    shapes = [growth_shape(run.method, last_quarter_change(values.mean[:, 0]))
              for run, values in zip(runs, by_run)]
    late = next(filter(None, map(began_late, runs)), "")
    order = UNDECIDED if late else on_order(grown + [v for _, found in shapes for v in found])
    text = late or (f"The difference is positive and has grown for {grown.count(AGREES)} of "
                    f"{len(grown)} thoughts and seeds; {'; '.join(text for text, _ in shapes)}.")
    return Comparison(
        f"Growth of the index-matching logit, layer {layer} ({published.GROWTH_SOURCE})",
        ["thought", "first record", "last record", "± (95 %)", "largest", "published"],
        growth_rows(runs, by_run, plateau), order,
        verdicts.on_size(growth_sizes(runs, by_run),
                         list(unlike) + setting.of_configuration(runs[0].configuration, "EoS")),
        f"{text} Published for {runs[0].method}: "
        f"{published.GROWTH_TEXT.get(runs[0].method, 'nothing')}.",
        [f"Logits are summed over heads; published of 8 heads, shown times {runs[0].n_head}/8. "
         "Every problem counts at every c, also beyond its hops. "
         "Sign and order: the 95 % interval of the last record lies above 0 and above that of the "
         "first, which lies in stage 0; saturates: within 10 % over the last quarter; keeps "
         "growing: by more than 2 %.",
         verdicts.RULE])


PREDICTION_ROWS = [("last_thought", "last thought"), ("root_mark", "[R]"), ("root", "root"),
                   ("target", "target"), ("other", "other candidate")]


GROWN = {AGREES: "has grown", DISAGREES: "has not grown",
         UNDECIDED: "was there at the first record already"}


def uniform_attention(problems):
    """Share of its attention that [A] would give one token by looking at all positions alike."""
    return float(np.mean(1 / np.sum(problems["tokens"] >= 0, axis=1)))


def has_grown(first, last, uniform):
    """Whether a share of the attention has grown to one that counts; uniform: what looking at all
    positions alike would give it. Undecided where it counted from the beginning."""
    enough = max(uniform, ATTENDED)
    if last > enough and first > enough and last <= GROWS * first:
        return UNDECIDED
    return of_check(last > enough and last > GROWS * first)


def answer_shares(statistics, key, layer):
    """Of its attention what [A] gives one kind of position: (first record, last)."""
    mean = statistics.of(f"answer_attention_{key}", layer).mean / statistics.n_head
    return mean[0], mean[-1]


def prediction_rows(seeds, layers, search):
    expected = ("grows in layer 1", f"grows in layer {search}", "-", f"grows in layer {search}",
                f"grows in layer {search}")

    def cells(key, layer):
        return [over_seeds(values, percent)
                for values in zip(*(answer_shares(s, key, layer) for s in seeds))]

    return [[f"[A] to {label}", *(cell for layer in layers for cell in cells(key, layer)), text]
            for (key, label), text in zip(PREDICTION_ROWS, expected)]


def grown_in(statistics, keys, layer, uniform):
    """Whether the attention of [A] to these kinds of positions together has grown."""
    first, last = map(sum, zip(*(answer_shares(statistics, key, layer) for key in keys)))
    return has_grown(first, last, len(keys) * uniform)


def in_words(found):
    """Whether something has grown, of a verdict a seed."""
    if len(set(found)) == 1:
        return GROWN[found[0]]
    return ", ".join(f"{GROWN[kind]} in {found.count(kind)}" for kind in dict.fromkeys(found))


def compare_prediction(seeds, problems=None):
    """seeds: statistics over epochs that differ in the seed; problems: of a probe file, which tell
    how many positions [A] sees."""
    search = seeds[0].search_layer()
    layers = sorted({1, search})
    uniform = uniform_attention(problems) if problems is not None else 0
    carryover = [grown_in(s, ["last_thought"], 1, uniform) for s in seeds]
    lift = [grown_in(s, ["root_mark", "target", "other"], search, uniform) for s in seeds]
    late = next(filter(None, map(began_late, seeds)), "")
    rows = prediction_rows(seeds, layers, search)
    if problems is not None:
        rows.append(["to each position alike", *[percent(uniform)] * 2 * len(layers), "-"])
    on_thought = np.mean([answer_shares(s, "last_thought", search)[1] for s in seeds])
    statement = (
        "Attention of [A] to the last thought in layer 1 (residual carryover) "
        f"{in_words(carryover)}, to [R] and the candidates in layer {search} (candidate lift) "
        f"{in_words(lift)}. In layer {search}, {100 * on_thought:.0f} % of it goes to the last "
        f"thought. {late}").strip()
    columns = ["attention", *(f"layer {layer}, {when}" for layer in layers
                              for when in ("first", "last")), "published"]
    return Comparison(f"Prediction stage ({published.PREDICTION_SOURCE})", columns, rows,
                      UNDECIDED if late else on_order(carryover + lift), NOT_PUBLISHED, statement,
                      ["Share: weight summed over heads, divided by their number; first and last "
                       f"record. Grown: to more than {GROWS:g} times the first, which lies in "
                       f"stage 0, more than {100 * ATTENDED:g} % and more than looking at all "
                       "positions alike gives, where a probe tells it. There already: the first "
                       "record lies above these two."])
