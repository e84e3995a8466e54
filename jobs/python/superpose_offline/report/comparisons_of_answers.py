"""Answers beside the published accuracies, and what interventions do to them."""

import numpy as np

from ..draw.interventions import full_effect
from ..draw.style import words
from ..files.measures import Measure
from . import setting, verdicts
from .comparisons import Comparison, number, percent
from .verdicts import NOT_PUBLISHED, NOT_USED, UNDECIDED, USED, Target, checks

COSTS = 0.05      # of a share, for an intervention that matters


def method_row(method):
    bar, deep = method.bar(), method.bar(Measure.ACCURACY_EQUAL_DEPTH)
    interval = "-" if not np.isfinite(bar.low) else f"{100 * bar.low:.1f} to {100 * bar.high:.1f} %"
    results = "; ".join(f"{result.text} ({result.source})" for result in method.published) or "-"
    label = f"{method.name}, {method.n_layer} layers, n_embd {method.n_embd}"
    return [label, str(len(bar.values)), percent(bar.mean), f"{interval} ({bar.interval})",
            percent(deep.mean), results]


def setting_of(method, result, unlike):
    """How the runs of a method differ from the setting of a published accuracy; unlike: how their
    problems do, where that is known."""
    first = method.evaluations[0]
    return (setting.of_configuration(first.configuration, result.paper, **result.model)
            + (list(unlike) or setting.of_hops(first.hops)))


def size_of(method, unlike=()):
    """Against the published accuracies of this very setting; of another, a badge that names the
    smallest difference. None where nothing was published or measured."""
    bar = method.bar()
    if not method.published or not bar.values:
        return None
    differences = [setting_of(method, result, unlike) for result in method.published]
    same = [result for result, found in zip(method.published, differences) if not found]
    if not same:
        return verdicts.on_size([UNDECIDED], min(differences, key=len))
    found = [verdicts.of_seeds(bar.values, Target.share(result.value)) for result in same]
    return next((v for v in (verdicts.AGREES, UNDECIDED) if v in found), verdicts.DISAGREES)


def size_of_all(methods, unlike):
    """One verdict for the table: a badge only if no method has a verdict of its own."""
    sizes = [size for size in (size_of(m, unlike) for m in methods)
             if size is not None]
    decided = [s for s in sizes if verdicts.kind_of(s) != verdicts.OTHER_SETTING]
    return verdicts.together(decided) if decided else next(iter(sizes), NOT_PUBLISHED)


def size_of_model(method):
    return method.n_layer, method.n_head, method.n_embd


def pairs_of(methods):
    """(coconut, cot or no_cot), both of two layers and of one size, whatever their labels add."""
    return [(coconut, other) for coconut in methods for other in methods
            if coconut.base_name == "coconut" and other.base_name in ("cot", "no_cot")
            and coconut.n_layer == 2 and size_of_model(coconut) == size_of_model(other)]


def order_of_methods(methods):
    """coconut above cot and no_cot of two layers, as in RbS Fig. 4: (verdict, text)."""
    pairs = pairs_of(methods)
    if not pairs:
        return UNDECIDED, ("To compare their order, evaluate coconut and cot or no_cot on the same "
                           "problems.")
    above = [coconut.bar().mean > other.bar().mean for coconut, other in pairs]
    return (checks(sum(above), len(pairs)),
            " ".join(f"{coconut.name} stands {'above' if holds else 'not above'} {other.name}."
                     for (coconut, other), holds in zip(pairs, above)))


def best_shortcut(methods):
    rows = [s for m in methods for e in m.evaluations for s in e.shortcuts]
    return max(rows, key=lambda row: row.get(Measure.ACCURACY) or 0, default=None)


def compare_methods(data, methods, unlike=()):
    """unlike: how the problems differ from the papers', in words, as far as it is known."""
    order, text = order_of_methods(methods)
    means = [(method.name, method.bar().mean) for method in methods]
    text = ", ".join(f"{name} {100 * mean:.1f} %" for name, mean in means) + ". " + text
    rows = [method_row(method) for method in methods]
    shortcut = best_shortcut(methods)
    if shortcut:
        rows.append([f"shortcut: {shortcut['name']}", "-", percent(shortcut[Measure.ACCURACY]), "-",
                     percent(shortcut[Measure.ACCURACY_EQUAL_DEPTH]), "-"])
        text += (" The best shortcut that never looks at the root is in the table: only what "
                 "stands above it, on equally deep candidates above all, shows search.")
    text += "".join(f" {method.name}, size: {size_of(method, unlike)}." for method in methods
                    if size_of(method, unlike))
    return Comparison(f"Answers on {data} (RbS Fig. 4; EoS)",
                      ["method", "seeds", "accuracy", "95 % interval", "equally deep", "published"],
                      rows, order, size_of_all(methods, unlike), text, [verdicts.RULE])


def is_superposition_used(lost):
    """(verdict, in words), from the accuracy that each intervention costs."""
    names = ("rescale_reachable", "rescale_not_reachable", "nearest_token")
    known = [lost.get(name, np.nan) for name in names]
    if not np.isfinite(known).all():
        return UNDECIDED, "It takes the interventions rescale and nearest_token to tell."
    inside, outside, token = known
    used, more = inside > outside + COSTS, token > COSTS
    text = ("Removing the component of every thought along reachable nodes costs "
            f"{100 * inside:.1f} points of accuracy, along all other nodes {100 * outside:.1f}: "
            f"the reachable part is {'used' if used else 'not shown to be used'}. Replacing every "
            f"thought by its nearest token costs {100 * token:.1f}: one token is "
            f"{'not enough' if more else 'enough'}.")
    return USED if used and more else NOT_USED, text


def compare_interventions(probe, checkpoint):
    step = int(probe.steps[checkpoint])
    rows, lost = [], {}
    for name in probe.interventions:
        strength, problems, before, after = full_effect(probe, name, step)
        lost[name] = before - after
        rows.append([words(name), number(strength), str(problems), percent(before), percent(after)])
    order, statement = is_superposition_used(lost)
    return Comparison("Interventions on every thought",
                      ["intervention", "strength", "problems", "before", "after"],
                      rows, order, NOT_PUBLISHED, statement,
                      ["Not in the papers. Used: removing the reachable part costs "
                       f"{100 * COSTS:g} points more than removing the rest, and the nearest token "
                       f"costs {100 * COSTS:g} points."])
