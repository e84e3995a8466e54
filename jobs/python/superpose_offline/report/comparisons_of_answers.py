"""Answers beside the published accuracies, and what interventions do to them."""

import numpy as np

from .. import intervals
from ..draw.interventions import full_effects
from ..draw.style import words
from ..files.measures import Measure
from . import setting, verdicts
from .comparisons import Comparison, number, over_seeds, percent, text_of
from .verdicts import AGREES, NOT_PUBLISHED, NOT_USED, UNDECIDED, USED, Target, on_order

COSTS = 0.05      # of a share, for an intervention that matters
GUESS = 0.5       # answers right by a guess between the two candidates


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
    return ((list(unlike) or setting.of_hops(first.hops))
            + setting.of_configuration(first.configuration, result.paper, **result.model))


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
    if len(bar.values) < 2:
        return UNDECIDED
    found = [verdicts.of_interval(bar.low, bar.high, Target.share(result.value)) for result in same]
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
    found = [verdicts.of_order(*((bar.low, bar.high) for bar in (other.bar(), coconut.bar())))
             for coconut, other in pairs]
    return (on_order(found),
            " ".join(f"{coconut.name} stands {'' if verdict == AGREES else 'not clearly '}above "
                     f"{other.name} by the 95 % intervals."
                     for (coconut, other), verdict in zip(pairs, found)))


def best_shortcut(methods):
    rows = [s for m in methods for e in m.evaluations for s in e.shortcuts]
    return max(rows, key=lambda row: row.get(Measure.ACCURACY) or 0, default=None)


def compare_methods(data, methods, unlike=()):
    """unlike: how the problems differ from the papers', in words, as far as it is known."""
    order, text = order_of_methods(methods)
    means = [(method.name, text_of(percent(method.bar().mean))) for method in methods]
    text = ", ".join(f"{name}: {mean}" for name, mean in means) + ". " + text
    rows = [method_row(method) for method in methods]
    shortcut = best_shortcut(methods)
    if shortcut:
        rows.append([f"shortcut: {shortcut['name']}", "-", percent(shortcut[Measure.ACCURACY]), "-",
                     percent(shortcut[Measure.ACCURACY_EQUAL_DEPTH]), "-"])
        text += (" The best shortcut that never looks at the root is in the table: only what "
                 "stands above it, on equally deep candidates above all, shows search.")
    sizes = {method.name: size_of(method, unlike) for method in methods}
    if len(methods) > 1:
        text += "".join(f" {name}, size: {size}." for name, size in sizes.items() if size)
    return Comparison(f"Answers on {data} (RbS Fig. 4; EoS)",
                      ["method", "seeds", "accuracy", "95 % interval", "equally deep", "published"],
                      rows, order, size_of_all(methods, unlike), text,
                      [verdicts.RULE, "Order: the 95 % intervals stand apart."])


def knows_too_little(problems, before, without_thoughts):
    """Why interventions on a model with so many answers right show nothing, in words; empty where
    they may. without_thoughts: answers right with no thought, None if not measured."""
    least, what = max((GUESS, "a guess between the candidates"),
                      (without_thoughts or 0, "the model without its thoughts"))
    low, _ = intervals.wilson(before, problems)
    if low > least:
        return ""
    return ("The model answers too few problems for interventions to show anything: "
            f"{text_of(percent(before))} of {problems} are right, not clearly more than by {what} "
            f"({text_of(percent(least))}).")


def is_superposition_used(lost):
    """(verdict, in words), from the accuracy that each intervention costs."""
    inside, outside, strongest, token = (lost.get(name, np.nan) for name in (
        "rescale_reachable", "rescale_not_reachable", "keep_strongest", "nearest_token"))
    if not np.isfinite([inside, outside]).all():
        return UNDECIDED, "It takes the interventions rescale and keep_strongest to tell."
    text = ("Removing the component of every thought along reachable nodes costs "
            f"{100 * inside:.1f} points of accuracy, along all other nodes {100 * outside:.1f}: "
            "the reachable part is ")
    if inside <= outside + COSTS:
        return NOT_USED, f"{text}not shown to be used."
    text += "used."
    if not np.isfinite(strongest):
        return UNDECIDED, f"{text} {without_keep_strongest(token)}"
    enough = strongest <= COSTS
    text += (f" Keeping of the reachable nodes the strongest alone costs {100 * strongest:.1f}: "
             f"one node is {'enough' if enough else 'not enough'}.")
    return NOT_USED if enough else USED, text


def without_keep_strongest(token):
    """What cannot be told without it; token: what nearest_token costs."""
    text = "Whether one node is enough takes the intervention keep_strongest to tell."
    if not np.isfinite(token):
        return text
    return (f"Replacing every thought by its nearest token costs {100 * token:.1f}, but that also "
            f"takes away what lies outside the node embeddings. {text}")


def verdict_on_use(lost, problems, before, without_thoughts):
    """As is_superposition_used, of a model that knows enough."""
    if why := knows_too_little(problems, before, without_thoughts):
        return UNDECIDED, why
    return is_superposition_used(lost)


def lost_by(effects):
    """{intervention: accuracy that it costs}."""
    return {name: before - after for name, (_, _, before, after) in effects.items()}


def use_in_seeds(names, effects, without_thoughts):
    """(verdict, in words) that holds in every seed, else UNDECIDED with what holds in each. names,
    effects (full_effects), without_thoughts: by seed."""
    found = [verdict_on_use(lost_by(of_seed), *max(effect[1:3] for effect in of_seed.values()),
                            without) for of_seed, without in zip(effects, without_thoughts)]
    if len(found) == 1:
        return found[0]
    kinds = {verdict for verdict, _ in found}
    if len(kinds) > 1 or UNDECIDED in kinds:
        return UNDECIDED, " ".join(f"{name}: {verdict}. {text}"
                                   for name, (verdict, text) in zip(names, found))
    lost = [lost_by(of_seed) for of_seed in effects]
    verdict, text = is_superposition_used(
        {name: float(np.mean([of_seed[name] for of_seed in lost])) for name in lost[0]})
    return verdict, f"{text} So in each of {len(found)} seeds; the numbers are their means."


def compare_interventions(probes, without_thoughts):
    """Of probes with the same interventions that differ in the seed. without_thoughts: answers right
    of the same models with no thought, None where it was not measured."""
    rows, effects = [], [full_effects(probe) for probe in probes]
    for name in probes[0].interventions:
        strengths, problems, before, after = zip(*(of_seed[name] for of_seed in effects))
        rows.append([words(name), number(strengths[0]), str(min(problems)),
                     over_seeds(before, percent), over_seeds(after, percent)])
    order, statement = use_in_seeds([probe.name for probe in probes], effects, without_thoughts)
    return Comparison("Interventions on every thought",
                      ["intervention", "strength", "problems", "before", "after"],
                      rows, order, NOT_PUBLISHED, statement,
                      ["Not in the papers. Used: removing the reachable part costs "
                       f"{100 * COSTS:g} points more than removing the rest, and keeping the "
                       f"strongest reachable node alone costs {100 * COSTS:g} points, in every "
                       "seed. Undecided where the 95 % interval (Wilson) of the answers before "
                       "does not lie above a guess between the candidates and above the model "
                       "without thoughts."])
