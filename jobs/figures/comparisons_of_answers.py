"""Answers beside the published accuracies, and what interventions do to them."""

from comparisons import NOT_PUBLISHED, UNKNOWN, Comparison, number, percent, verdict
from interventions import effect
from libraries import np
from style import words

TOLERANCE = 0.02  # of a share, for "of the published size"
COSTS = 0.05      # of a share, for an intervention that matters


def method_row(method):
    bar, deep = (method.bar(*names) for names in (("accuracy", "n_problems"),
                                                  ("equal_depth", "n_equal_depth")))
    interval = "-" if not np.isfinite(bar.low) else f"{100 * bar.low:.1f} to {100 * bar.high:.1f} %"
    results = "; ".join(f"{result.text} ({result.source})" for result in method.published) or "-"
    label = f"{method.name}, {method.n_layer} layers, n_embd {method.n_embd}"
    return [label, str(len(bar.values)), percent(bar.mean), f"{interval} ({bar.interval})",
            percent(deep.mean), results]


def of_published_size(method):
    """None where nothing was published."""
    bar = method.bar("accuracy", "n_problems")
    if not method.published or not bar.values:
        return None
    return any(abs(bar.mean - r.value) <= TOLERANCE or bar.low <= r.value <= bar.high
               for r in method.published)


def order_of_methods(methods):
    """coconut above cot and no_cot of two layers, as in RbS Fig. 4: (verdict, text)."""
    means = {m.name: m.bar("accuracy", "n_problems").mean for m in methods if m.n_layer == 2}
    others = [name for name in ("cot", "no_cot") if name in means]
    if "coconut" not in means or not others:
        return UNKNOWN, "Their order takes coconut and cot or no_cot on the same problems."
    above = [name for name in others if means["coconut"] > means[name]]
    return (verdict(len(above), len(others)),
            f"coconut stands above {' and '.join(above) or 'neither'} of {' and '.join(others)}.")


def best_shortcut(methods):
    rows = [s for m in methods for e in m.evaluations for s in e.shortcuts]
    return max(rows, key=lambda row: row.get("accuracy") or 0, default=None)


def compare_methods(data, methods):
    fits = [f for f in map(of_published_size, methods) if f is not None]
    order, text = order_of_methods(methods)
    means = [(method.name, method.bar("accuracy", "n_problems").mean) for method in methods]
    text = ", ".join(f"{name} {100 * mean:.1f} %" for name, mean in means) + ". " + text
    rows = [method_row(method) for method in methods]
    shortcut = best_shortcut(methods)
    if shortcut:
        rows.append([f"shortcut: {shortcut['name']}", "-", percent(shortcut["accuracy"]), "-",
                     percent(shortcut["accuracy_equal_depth"]), "-"])
        text += (" The best shortcut that never looks at the root is in the table: only what "
                 "stands above it, on equally deep candidates above all, shows search.")
    size = verdict(sum(fits), len(fits)) if fits else NOT_PUBLISHED
    return Comparison(f"Answers on {data} (RbS Fig. 4; EoS)",
                      ["method", "seeds", "accuracy", "95 % interval", "equally deep", "published"],
                      rows, order, size, text,
                      ["Size: a published value lies in the interval or within "
                       f"{100 * TOLERANCE:g} points."])


def full_effect(probe, name, step):
    """(strength, problems, accuracy before and after) where the intervention is whole: rescale
    removes at 0, the others replace at 1."""
    strengths, before, after, problems = effect(probe, name, step=step)
    whole = int(np.argmin(np.abs(strengths - (0 if name.startswith("rescale") else 1))))
    return strengths[whole], problems, before, after[whole]


def is_superposition_used(lost):
    """(verdict, in words), from the accuracy that each intervention costs."""
    names = ("rescale_reachable", "rescale_not_reachable", "nearest_token")
    known = [lost.get(name, np.nan) for name in names]
    if not np.isfinite(known).all():
        return UNKNOWN, "It takes the interventions rescale and nearest_token to tell."
    inside, outside, token = known
    used, more = inside > outside + COSTS, token > COSTS
    text = ("Removing the component of every thought along reachable nodes costs "
            f"{100 * inside:.1f} points of accuracy, along all other nodes {100 * outside:.1f}: "
            f"the reachable part is {'used' if used else 'not shown to be used'}. Replacing every "
            f"thought by its nearest token costs {100 * token:.1f}: one token is "
            f"{'not enough' if more else 'enough'}.")
    return "superposition is used" if used and more else "not shown to be used", text


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
