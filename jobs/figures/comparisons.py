"""Each measure beside its published value, with a plain verdict. The rules are stated with each."""

from dataclasses import dataclass, field

import published
from edge_groups import measured as edge_attention, scaled_published
from inner_products import measured as inner_products
from libraries import np
from style import GROUPS, words

AGREES, DISAGREES, PARTLY = "agrees", "disagrees", "agrees in part"
NOT_PUBLISHED, UNKNOWN = "no published number", "cannot be told"
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


def verdict(holds, total):
    """holds of total checks."""
    if total == 0:
        return UNKNOWN
    return AGREES if holds == total else DISAGREES if holds == 0 else PARTLY


def ordered(values):
    """Whether what is known of the values rises; equal neighbours pass."""
    known = [v for v in values if np.isfinite(v)]
    return all(a <= b + 1e-12 for a, b in zip(known, known[1:]))


def in_published_order(values, i):
    """Means of a thought rise from group to group; frontier and not reachable stand apart."""
    low, high = (values[group] for group in ("not_reachable", "frontier"))
    gap = high.mean[i] - high.margin()[i] - (low.mean[i] + low.margin()[i])
    return ordered([values[group].mean[i] for group in GROUPS]) and bool(gap > 0)


def group_comparison(subject, values, thoughts, published_cell, fits, rules):
    """Means of the groups by thought beside published cells; fits(group, thought, mean) is None
    where nothing was published."""
    rows, fitting = [], []
    for group in GROUPS:
        cells = [words(group)]
        for i, thought in enumerate(thoughts):
            mean, std = values[group].mean[i], values[group].std[i]
            shown = number(mean)
            if isinstance(shown, Cell):
                shown.text += f" ± {std:.2f}"
                fitting.append(fits(group, thought, mean))
            cells += [shown, published_cell(group, thought)]
        rows.append(cells)
    known = [f for f in fitting if f is not None]
    in_order = [in_published_order(values, i) for i in range(len(thoughts))]
    statement = ("The groups stand in the published order (not reachable, reachable, frontier, "
                 f"optimal) for {sum(in_order)} of {len(thoughts)} thoughts; {sum(known)} of "
                 f"{len(known)} means are of the published size.")
    columns = ["group"] + [f"{what} {t}" for t in thoughts for what in ("thought", "published")]
    return Comparison(subject, columns, rows, verdict(sum(in_order), len(in_order)),
                      verdict(sum(known), len(known)), statement,
                      [*rules, "Order: the means rise from group to group (equal ones pass), and "
                               "the 95 % intervals of frontier and not reachable stand apart."])


def compare_edges(probe, checkpoint):
    statistics = probe.statistics
    layer = statistics.search_layer()
    table = scaled_published(statistics.n_head)

    def cell(group, thought):
        entry = published.of_thought(table, group, thought)
        return "-" if entry is None else f"{entry[0]:.2f} ± {entry[1]:.2f}"

    def fits(group, thought, mean):
        entry = published.of_thought(table, group, thought)
        return None if entry is None else bool(abs(mean - entry[0]) <= entry[1])

    return group_comparison(
        f"Attention by edge group, layer {layer} ({published.EDGE_ATTENTION_SOURCE})",
        edge_attention(probe, checkpoint, layer), statistics.thoughts, cell, fits,
        [f"Published values are of 8 heads, shown times {statistics.n_head}/8. Of the published "
         "size: within one published standard deviation (of single edges) of the published mean."])


def compare_products(probe, checkpoint):
    def cell(group, thought):
        entry = published.of_thought(published.INNER_PRODUCT, group, thought)
        return "-" if entry is None else f"{entry[0]:.2f} to {entry[1]:.2f}"

    def fits(group, thought, mean):
        entry = published.of_thought(published.INNER_PRODUCT, group, thought)
        if entry is None:
            return None
        slack = 0.5 * max(abs(entry[0]), abs(entry[1]))
        return bool(entry[0] - slack <= mean <= entry[1] + slack)

    return group_comparison(
        f"Inner products of thoughts and nodes ({published.INNER_PRODUCT_SOURCE})",
        inner_products(probe, checkpoint), probe.statistics.thoughts, cell, fits,
        ["Of the published size: within the range over three seeds, widened by half of its larger "
         "end. The scale of thoughts and embeddings depends on n_embd and on the initialisation."])


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
    checks = [share[0] > others, share[0] > 0.5]
    statement = (f"In layer 1 an edge token gives {100 * share[0]:.0f} % of its attention to its "
                 f"own source and target, in the other layers at most {100 * others:.0f} %; the "
                 "published map has nearly all of it there.")
    return Comparison(
        f"Copying in layer 1 ({published.COPYING_SOURCE})",
        ["layer", "share on its edge", "on the source", "on the target", "published, layer 1"],
        rows, verdict(sum(checks), 2), NOT_PUBLISHED, statement,
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


def compare_growth(statistics):
    layer = statistics.search_layer()
    values = statistics.of("index_matching_difference", layer)
    first, last, margin = values.mean[0], values.mean[-1], values.margin()[-1]
    plateau = published.GROWTH_PLATEAU * statistics.n_head / published.N_HEAD
    rows = [[f"c = {c}", number(first[i]), number(last[i]), number(margin[i]),
             number(np.nanmax(values.mean[:, i], initial=-np.inf)),
             f"near {plateau:g}" if c == 1 and statistics.method == "coconut" else "-"]
            for i, c in enumerate(statistics.thoughts)]
    grown = [bool(last[i] - margin[i] > 0 and last[i] > first[i]) for i in range(len(last))
             if np.isfinite(last[i])]
    text, as_published = growth_shape(statistics.method, last_quarter_change(values.mean[:, 0]))
    checks = grown + ([] if as_published is None else [as_published and grown[0]])
    near = statistics.method == "coconut" and np.isfinite(last[0])
    size = verdict(int(plateau / 2 <= last[0] <= 2 * plateau), 1) if near else NOT_PUBLISHED
    statement = (f"The difference is positive and has grown for {sum(grown)} of {len(grown)} "
                 f"thoughts; {text}. Published for {statistics.method}: "
                 f"{published.GROWTH_TEXT.get(statistics.method, 'nothing')}.")
    return Comparison(
        f"Growth of the index-matching logit, layer {layer} ({published.GROWTH_SOURCE})",
        ["thought", "first record", "last record", "± (95 %)", "largest", "published"], rows,
        verdict(sum(checks), len(checks)), size, statement,
        [f"Logits are summed over heads; published of 8 heads, shown times {statistics.n_head}/8. "
         "Sign and order: the last value is above 0 by its interval and above the first; "
         "saturates: within 10 % over the last quarter; keeps growing: by more than 2 %. Size: "
         "within a factor of 2."])


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
                      verdict(int(carryover) + int(lift), 2), NOT_PUBLISHED, statement,
                      ["Share: weight summed over heads, divided by their number; first and last "
                       f"record. Grown: to more than {GROWS:g} times the first."])
