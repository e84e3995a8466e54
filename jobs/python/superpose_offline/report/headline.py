"""The first screen of the page: the result, what was trained on what and when, the papers."""

from pathlib import Path

import numpy as np

from .. import published
from ..draw.methods import group, method_of
from ..files.measures import Measure
from .comparisons import Cell, percent
from .comparisons_of_answers import best_shortcut
from .page import badge, escape, link
from .verdicts import kind_of

TRAINED = ["run", "method", "model", "trained on", "held-out problems", "when", "how long"]


def chosen(evaluations):
    """(problem file, method) of the headline: coconut, the papers' subject, on the first problem
    file that has it; else the first method. None if nothing was evaluated."""
    pairs = [(data, method) for data, methods in group(evaluations).items() for method in methods]
    return next((pair for pair in pairs if pair[1].name.startswith("coconut")),
                pairs[0] if pairs else None)


def counted(n, noun, plural=None):
    return f"{n} {noun if n == 1 else plural or noun + 's'}"


def listed(numbers):
    """2, 3 and 4."""
    *most, last = map(str, numbers)
    return f"{', '.join(most)} and {last}" if most else last


def what_it_is(data, method):
    """The setting of the number, in one sentence."""
    bar, first = method.bar(), method.evaluations[0]
    problems = first[Measure.N_PROBLEMS]
    of = f"of the {problems} held-out problems in {data}" if problems else f"of {data}"
    hops = f" ({listed(first.hops)} hops)" if len(first.hops) else ""
    interval = (f"; 95 % interval {100 * bar.low:.1f} to {100 * bar.high:.1f} %"
                if np.isfinite(bar.low) else "")
    latents = f" with {first.latents}" if first.latents else ""
    return (f"{of}{hops} answered right by {method.name}{latents}: "
            f"{counted(method.n_layer, 'layer')}, "
            f"{counted(first.configuration['model']['n_head'], 'head')}, n_embd {method.n_embd}, "
            f"{counted(len(bar.values), 'seed')}{interval}")


def without_thoughts(method, material):
    """Mean accuracy of the method's runs with no thoughts; NaN where it was not measured."""
    values = [material.zero_latents_of(evaluation) for evaluation in method.evaluations]
    values = [value for value in values if value is not None]
    return float(np.mean(values)) if values else np.nan


def published_tiles(method):
    """What was published for the method of this name, in whatever setting."""
    name = method.evaluations[0].configuration["method"]["name"]
    return [(f"published for {name}, n_embd {p.n_embd} ({p.source})", p.text)
            for p in published.accuracies(name, method.n_layer, method.n_embd)]


def tiles_of(method, methods, material):
    """(label, cell) beside the result; what was not measured is left out."""
    shortcut = best_shortcut(methods)
    tiles = [("where both candidates are equally deep",
              percent(method.bar(Measure.ACCURACY_EQUAL_DEPTH).mean)),
             ("the same model without its thoughts", percent(without_thoughts(method, material))),
             ("best shortcut that never looks at the root",
              percent(shortcut[Measure.ACCURACY]) if shortcut else "-")]
    return [tile for tile in tiles if isinstance(tile[1], Cell)] + published_tiles(method)


def verdict_counts(rows):
    """How often each verdict was given: badges for sign and order, and for size."""
    lines = []
    for label, column in (("Sign and order", 2), ("Size", 3)):
        kinds = [kind_of(row[column]) for row in rows]
        badges = " ".join(badge(kind, kinds.count(kind)) for kind in dict.fromkeys(kinds))
        lines.append(f'<p class="counts"><strong>{label}:</strong> {badges}</p>')
    return "".join(lines) if rows else ""


def files_of(configuration, key):
    """Names of problem files, with their shares where only a part of each is seen an epoch."""
    data = configuration.get("data", {})
    files = data.get(key, "-")
    files = files if isinstance(files, list) else [files]
    return ", ".join(Path(file).name + (share_of(data, i) if key == "train" else "")
                     for i, file in enumerate(files)) or "-"


def share_of(data, i):
    """" (share 0.3, from epoch 8 on 0.1)" of training file number i, or nothing."""
    shares, later = data.get("shares", []), data.get("later_shares", [])
    words = [f"share {shares[i]:g}"] if shares else []
    words += [f"from epoch {data['later_shares_from']} on {later[i]:g}"] if later else []
    return f" ({', '.join(words)})" if words else ""


def duration(run):
    """Steps, epochs, and the time of the steps in run.h5: of a branch, those after it began."""
    seconds = run.steps.get("seconds")
    epochs = int(run.steps["epoch"][-1] - run.steps["epoch"][0]) + 1
    text = f"{counted(len(run.steps['step']), 'step')} in {counted(epochs, 'epoch')}"
    if run.branch_step:
        text = f"branch from step {run.branch_step}: {text}"
    if seconds is None or not np.isfinite(seconds).any():
        return text
    ranks = counted(int(run.attributes.get("n_ranks", 1)), "process", "processes")
    return f"{text}; {np.nansum(seconds) / 60:.1f} min on {ranks}"


def trained_row(run):
    configuration, model = run.configuration, run.configuration["model"]
    created = str(run.attributes.get("created", "-")).replace("T", " ").removesuffix("Z")
    return [run.name, f"{method_of(configuration)}, seed {configuration['train']['seed']}",
            f"{counted(model['n_layer'], 'layer')}, {counted(model['n_head'], 'head')}, "
            f"n_embd {model['n_embd']}", files_of(configuration, "train"),
            files_of(configuration, "valid"),
            f"{created} UTC" if created != "-" else created, duration(run)]


def papers_html():
    papers = "; ".join(f"<strong>{escape(short)}</strong>: {escape(paper.authors)}, "
                       f"{link(paper.title, paper.address)} (arXiv {escape(paper.arxiv)})"
                       for short, paper in published.PAPERS.items())
    return f'<p class="soft">Measured beside the published values of {papers}.</p>'


def add_headline(page, material, verdicts):
    with page.box("headline"):
        found = chosen(material.evaluations)
        if found is None:
            page.paragraph("No answers were measured: the page shows what the models hold inside.")
        else:
            data, method = found
            page.result(percent(method.bar().mean), what_it_is(data, method))
            page.tiles(tiles_of(method, group(material.evaluations)[data], material))
        page.add(verdict_counts(verdicts))
        page.add(papers_html())
    if material.runs:
        page.heading("What was trained on what, when")
        page.table(TRAINED, [trained_row(run) for run in material.runs], stack=True)
