"""The parts of the page: figures, tables beside the published, settings, provenance."""

from .. import published
from ..draw.attention_map import draw_map
from ..draw.by_stage import draw_by_stage
from ..draw.edge_groups import draw_edge_groups, knows_what_was_copied
from ..draw.growth import draw_compared, draw_growth, draw_prediction
from ..draw.inner_products import draw_histograms, draw_means
from ..draw.interventions import draw_interventions
from ..draw.methods import draw_methods, group, method_of
from ..files.hdf5 import Failure
from ..files.seeds import by_configuration, by_setting, names_of
from . import verdicts
from .comparisons import (compare_copying, compare_edges, compare_growth, compare_prediction,
                          compare_products, number)
from .comparisons_of_answers import compare_interventions, compare_methods
from .headline import add_headline
from .page import Page, escape

TITLE = "superpose: measured beside published"
RULES = ("“Agrees” and “disagrees” follow the fixed rules that stand under each table, in sign and "
         "order, and in size. Runs that differ in the seed only are judged together. "
         + verdicts.RULE)
UNLIKE = ("The papers' numbers are of the setting in the right column. Where this run differs, "
          "sizes are not like for like: attention summed over heads grows with their number; "
          "logits and inner products depend on n_embd, initialisation and how long was trained; "
          "smaller graphs have fewer edges to share the attention and fewer hops, so that fewer "
          "thoughts exist and the shortcuts that never look at the root are weaker or stronger. "
          "Signs and orders can be compared; sizes only in the same setting.")


def place(probe):
    """Which checkpoint of a probe the page shows: its last."""
    return f"{probe.name}, step {probe.steps[probe.index()]}"


def place_of_seeds(probes):
    """What a part of the page is about that holds all of them: one with its step, several by
    number."""
    if len(probes) == 1:
        return place(probes[0])
    return f"{len(probes)} seeds of {method_of(probes[0].configuration)}"


def of_first(settings):
    """Said of a figure that shows the first seed of each setting; nothing where there is one."""
    n = max(map(len, settings))
    return "" if n == 1 else f", the first of {n} seeds" if len(settings) == 1 else \
        ", the first seed of each"


class Figures:
    """Fills the page with figures, subject by subject; what cannot be drawn is named."""

    def __init__(self, page, material):
        self.page, self.material = page, material

    def figure(self, caption, draw, *arguments, **options):
        try:
            self.page.figure(draw(*arguments, **options), caption)
        except Failure as failure:
            self.material.lack(caption, str(failure))

    def answers(self):
        for data, methods in group(self.material.evaluations).items():
            self.figure(f"Answers right on {data} (RbS Fig. 4)", draw_methods, data, methods)
        settings = by_setting([run for run in self.material.runs if run.has_answers()])
        if settings:
            self.figure("Held-out loss and accuracy at the end of each stage" + of_first(settings),
                        draw_by_stage, [runs[0] for runs in settings])

    def growth(self):
        recorded = by_setting(self.material.recorded)
        if not recorded:
            return
        firsts, whose = [runs[0] for runs in recorded], of_first(recorded)
        self.figure(f"Growth of the index-matching logit (EoS 5.1){whose}", draw_growth, firsts)
        if len(firsts) > 1:
            self.figure("The same, the runs side by side", draw_compared, firsts)
        self.figure(f"Prediction stage: attention of [A] (EoS 5.2){whose}", draw_prediction, firsts)

    def probes(self, probes):
        """Of probes that differ in the seed: groups of all of them, single problems of the first."""
        first, seeds = probes[0], place_of_seeds(probes)
        checkpoint, where = first.index(), place(first) + of_first([probes])
        for layer in first.statistics.layers[:2]:
            source = "; RbS Fig. 5" if layer == 1 else ""
            self.figure(f"Attention map of layer {layer}, first problem ({where}{source})",
                        draw_map, first, checkpoint, int(layer))
        self.figure(f"Attention by edge group ({seeds}; RbS Table 1)", draw_edge_groups, [probes])
        self.figure(f"Inner products of thoughts and nodes ({seeds}; RbS Table 5)", draw_means,
                    [probes])
        self.figure(f"Distribution of the inner products ({where}; RbS Fig. 6)", draw_histograms,
                    first)
        if first.interventions:
            self.figure(f"Answers after an intervention ({where})", draw_interventions, first)
            self.figure(f"The same among the two candidates ({where})", draw_interventions, first,
                        candidates=True)

    def subject(self, heading, draw, *arguments):
        with self.page.within(f"<h3>{escape(heading)}</h3>", ""), self.page.figures():
            draw(*arguments)

    def all(self):
        with self.page.within("<h2>Figures</h2>", ""):
            self.subject("Answers over methods and stages", self.answers)
            self.subject("What grows while training", self.growth)
            for probes in by_setting(self.material.probes):
                self.subject(f"Inside {place_of_seeds(probes)}", self.probes, probes)


class Tables:
    """Fills the page with tables beside the published values. found: (names of runs, Comparison)
    of all of them."""

    def __init__(self, page, material):
        self.page, self.material, self.found = page, material, []

    def comparison(self, name, compare, *arguments):
        try:
            result = compare(*arguments)
        except Failure as failure:
            self.material.lack(name, str(failure))
            return
        self.page.comparison(result)
        self.found.append((name, result))

    def verdicts(self):
        return [[name, result.subject, result.order, result.size, result.statement]
                for name, result in self.found]

    def answers(self):
        self.page.heading("Answers")
        for data, methods in group(self.material.evaluations).items():
            self.comparison(", ".join(m.name for m in methods), compare_methods, data, methods,
                            self.material.of_problems(methods))

    def growth(self):
        recorded = self.material.recorded
        self.page.heading("Growth over training")
        if not recorded:
            self.page.paragraph(self.material.why_no_growth)
        probed = {probe.name for probe in self.material.probes}
        for runs in by_setting(recorded):
            names = names_of(runs)
            self.page.heading(f"{names} ({runs[0].method})", 3)
            if not probed & {run.name for run in runs}:
                self.comparison(names, compare_copying, runs)
            self.comparison(names, compare_prediction, runs, self.material.problems_of(runs))
            self.comparison(names, compare_growth, runs, self.material.of_held_out(runs))

    def probes(self, probes):
        """Of probes that differ in the seed."""
        names = names_of(probes)
        self.page.heading(f"Inside {place_of_seeds(probes)}")
        self.comparison(names, compare_copying, [probe.statistics for probe in probes],
                        probes[0].problems)
        self.comparison(names, compare_edges, probes)
        if all(knows_what_was_copied(probe) for probe in probes):
            self.comparison(names, compare_edges, probes, True)
        self.comparison(names, compare_products, probes)
        for members in by_interventions(probes):
            self.comparison(names_of(members), compare_interventions, members,
                            [self.material.zero_latents_of(probe) for probe in members])

    def all(self):
        self.answers()
        self.growth()
        for probes in by_setting(self.material.probes):
            self.probes(probes)


def by_interventions(probes):
    """Lists of those with the same interventions; without any they are in none."""
    found = {}
    for probe in probes:
        found.setdefault(tuple(probe.interventions), []).append(probe)
    return [members for names, members in found.items() if names]


def setting_rows(settings):
    """By (what, where): the value of each setting, beside that of the papers."""
    for known in published.SETTINGS:
        yield [known.label, *(str(items[0].configuration.get(known.section, {}).get(known.key, "-"))
                              for items in settings), known.text()]
    for label, column, value in published.PROBLEM_SETTING:
        problems = [next((i.problems for i in items if hasattr(i, "problems")), None)
                    for items in settings]
        yield [f"{label} of a problem, mean",
               *("-" if p is None else number(p[column].mean()) for p in problems), value]


def add_setting(page, material):
    """Beside the papers' setting; runs that differ in the seed, and their probes, share a
    column."""
    page.heading("Setting, and why numbers may not be like for like")
    page.paragraph(UNLIKE)
    settings = by_configuration(material.runs + material.probes)
    page.table(["", *map(names_of, settings), "papers"], list(setting_rows(settings)))


def add_provenance(page, material):
    """All of it folded; one configuration for runs and probes that differ in the seed only."""
    page.heading("Configuration and provenance")
    for items in by_configuration(material.runs + material.probes):
        with page.folded(f"Configuration of {names_of(items)}"):
            page.add(f"<pre>{escape(items[0].attributes.get('configuration', ''))}</pre>")
    for item in material.runs + material.probes:
        with page.folded(str(item.path)):
            page.table(["attribute", "value"],
                       [[name, str(value)] for name, value in sorted(item.attributes.items())
                        if name != "configuration" and value != ""], stack=True)
    if material.evaluations:
        with page.folded("Evaluations"):
            add_evaluations(page, material.evaluations)


def add_evaluations(page, evaluations):
    rows = [[str(e.path), str(e.step), e.data, e.data_hash or "-",
             str(getattr(e, "document", {}).get("git_hash", "-")),
             str(getattr(e, "document", {}).get("command_line", "-"))] for e in evaluations]
    page.table(["evaluation", "step", "problems", "data hash", "git hash", "command line"], rows,
               stack=True)


def add_missing(page, material):
    page.heading("What is missing")
    if not material.missing:
        page.paragraph("Nothing: every file and dataset that a report uses was there.")
        return
    page.table(["what", "why", "what to do"],
               [[what, why, remedy or "-"] for what, why, remedy in material.missing], stack=True)


def add_summary(page, rows):
    page.heading("Summary: measured beside published")
    page.table(["of", "measure", "sign and order", "size", "in words"], rows, stack=True)
    with page.folded("By which rules"):
        page.paragraph(RULES)


def build(material):
    """(page, its tables as Tables.found). The headline and the summary come first and are made
    last."""
    page = Page(TITLE)
    tables = Tables(page, material)
    Figures(page, material).all()
    tables.all()
    details, page.parts = page.parts, []
    add_headline(page, material, tables.verdicts())
    add_summary(page, tables.verdicts())
    page.parts += details
    add_setting(page, material)
    add_provenance(page, material)
    add_missing(page, material)
    return page, tables.found
