"""One self-contained HTML page that puts each measured number beside the published one.

usage: report RUN... [--probe FILE ...] [--evaluation FILE ...] [--output FILE]

RUN is a run directory; its run.h5, probe*.h5 and evaluation*.json are used. Whatever is absent,
damaged or foreign is named on the page, with the reason, and left out. The page has its images in
it and needs no network. Measures and published values: RbS (arXiv 2505.12514), EoS (arXiv
2509.23365). Exit codes: 0 done, 2 usage, 5 nothing usable, or the page cannot be written.
"""

import sys
from pathlib import Path

from .. import command, published
from ..draw.attention_map import draw_map
from ..draw.by_stage import draw_by_stage
from ..draw.edge_groups import draw_edge_groups
from ..draw.growth import draw_compared, draw_growth, draw_prediction
from ..draw.inner_products import draw_histograms, draw_means
from ..draw.interventions import draw_interventions
from ..draw.methods import draw_methods, group
from ..files.hdf5 import Failure
from . import verdicts
from .comparisons import (compare_copying, compare_edges, compare_growth, compare_prediction,
                          compare_products, number)
from .comparisons_of_answers import compare_interventions, compare_methods
from .material import Material
from .page import Page
from .setting import by_setting

RULES = ("“Agrees” and “disagrees” follow the fixed rules that stand under each table, in sign and "
         "order, and in size. Runs that differ in the seed only are judged together. "
         + verdicts.RULE)
UNLIKE = ("The papers' numbers are of the setting in the right column. Where this run differs, "
          "sizes are not like for like: attention summed over heads grows with their number; "
          "logits and inner products depend on n_embd, initialisation and how long was trained; "
          "smaller graphs have fewer edges to share the attention and fewer hops, so that fewer "
          "thoughts exist and the shortcuts that never look at the root are weaker or stronger. "
          "Signs and orders can be compared; sizes only in the same setting.")


class Report:
    """Fills a page from the material, part by part; remembers the verdicts for the summary."""

    def __init__(self, material):
        self.material, self.verdicts = material, []
        self.page = Page("superpose: measured beside published")

    def figure(self, caption, draw, *arguments, **options):
        try:
            self.page.figure(draw(*arguments, **options), caption)
        except Failure as failure:
            self.material.lack(caption, str(failure))

    def comparison(self, name, compare, *arguments):
        try:
            result = compare(*arguments)
        except Failure as failure:
            self.material.lack(name, str(failure))
            return
        self.page.comparison(result)
        self.verdicts.append([name, result.subject, result.order, result.size, result.statement])

    def answers(self):
        self.page.heading("Answers")
        for data, methods in group(self.material.evaluations).items():
            self.figure(f"Answers right on {data}", draw_methods, data, methods)
            self.comparison(", ".join(m.name for m in methods), compare_methods, data, methods)
        runs = [run for run in self.material.runs if run.has_answers()]
        if runs:
            self.figure("Held-out loss and accuracy at the end of each stage", draw_by_stage, runs)

    def probe(self, probe):
        checkpoint = probe.index()
        where = f"{probe.name}, step {probe.steps[checkpoint]}"
        self.page.heading(f"Inside {where}")
        for layer in probe.statistics.layers[:2]:
            source = "; RbS Fig. 5" if layer == 1 else ""
            self.figure(f"Attention map of layer {layer}, first problem ({where}{source})",
                        draw_map, probe, checkpoint, int(layer))
        self.comparison(probe.name, compare_copying, probe.statistics, checkpoint, probe.problems)
        self.figure(f"Attention by edge group ({where}; RbS Table 1)", draw_edge_groups, [probe])
        self.figure(f"Inner products of thoughts and nodes ({where}; RbS Table "
                    "5)", draw_means, [probe])
        self.figure(f"Distribution of the inner products ({where}; RbS Fig. "
                    "6)", draw_histograms, probe)
        if probe.interventions:
            self.figure(f"Answers after an intervention ({where})", draw_interventions, probe)
            self.figure(f"The same among the two candidates ({where})", draw_interventions, probe,
                        candidates=True)
            self.comparison(probe.name, compare_interventions, probe, checkpoint)

    def beside_published(self, probes):
        """Tables of probes that differ in the seed."""
        names = ", ".join(probe.name for probe in probes)
        self.page.heading(f"Beside published: {names}")
        self.comparison(names, compare_edges, probes)
        self.comparison(names, compare_products, probes)

    def growth(self):
        recorded = self.material.recorded
        self.page.heading("Growth over training")
        if not recorded:
            self.page.paragraph("Nothing was recorded over epochs.")
            return
        self.figure("Growth of the index-matching logit (EoS 5.1)", draw_growth, recorded)
        if len(recorded) > 1:
            self.figure("The same, the runs side by side", draw_compared, recorded)
        self.figure("Prediction stage: attention of [A] (EoS 5.2)", draw_prediction, recorded)
        probed = {probe.name for probe in self.material.probes}
        for statistics in recorded:
            self.page.heading(f"{statistics.name} ({statistics.method})", 3)
            if statistics.name not in probed:
                self.comparison(statistics.name, compare_copying, statistics)
            self.comparison(statistics.name, compare_prediction, statistics)
        for runs in by_setting(recorded):
            self.comparison(", ".join(run.name for run in runs), compare_growth, runs)

    def setting(self):
        """Beside the papers' setting; once for each configuration."""
        self.page.heading("Setting, and why numbers may not be like for like")
        self.page.paragraph(UNLIKE)
        sources = {item.name: item for item in self.material.runs + self.material.probes}
        columns, rows = ["", *sources, "papers"], []
        for label, (section, key), value in published.SETTING:
            rows.append([label, *(str(item.configuration.get(section, {}).get(key, "-"))
                                  for item in sources.values()), value])
        for label, column, value in published.PROBLEM_SETTING:
            cells = [number(item.problems[column].mean()) if hasattr(item, "problems") else "-"
                     for item in sources.values()]
            rows.append([f"{label} of a problem, mean", *cells, value])
        self.page.table(columns, rows)

    def provenance(self):
        self.page.heading("Configuration and provenance")
        for item in self.material.runs + self.material.probes:
            self.page.heading(str(item.path), 3)
            self.page.table(["attribute", "value"],
                            [[name, str(value)] for name, value in sorted(item.attributes.items())
                             if name != "configuration" and value != ""])
            self.page.details("configuration", item.attributes.get("configuration", ""))
        rows = [[str(e.path), str(e.step), e.data, e.data_hash or "-",
                 str(getattr(e, "document", {}).get("git_hash", "-")),
                 str(getattr(e, "document", {}).get("command_line", "-"))]
                for e in self.material.evaluations]
        columns = ["evaluation", "step", "problems", "data hash", "git hash", "command line"]
        self.page.table(columns, rows)

    def what_is_missing(self):
        self.page.heading("What is missing")
        if not self.material.missing:
            self.page.paragraph("Nothing: every file and dataset that a report uses was there.")
            return
        self.page.table(["what", "why", "what to do"], [list(row) for row in self.material.missing])

    def summary(self, at):
        """Put before the details, once they are there."""
        parts, self.page.parts = self.page.parts, []
        self.page.heading("Summary")
        self.page.paragraph(RULES)
        self.page.table(["of", "measure", "sign and order", "size", "in words"], self.verdicts)
        summary = self.page.parts
        self.page.parts = parts[:at] + summary + parts[at:]


def build(material):
    report = Report(material)
    report.answers()
    report.growth()
    for probe in material.probes:
        report.probe(probe)
    for probes in by_setting(material.probes):
        report.beside_published(probes)
    report.setting()
    report.provenance()
    report.what_is_missing()
    report.summary(0)
    return report


def write_report(arguments):
    material = Material(arguments.runs, arguments.probe, arguments.evaluation)
    for what, why, _ in material.missing:
        print(f"report: missing: {what}: {why}", file=sys.stderr)
    if not material.usable:
        raise Failure("nothing usable (the lines above say why) give the directory of a run")
    first = arguments.runs[0]
    path = arguments.output or (first if first.is_dir() else Path(".")) / "report.html"
    outputs = command.outputs_of(arguments, path.parent)
    outputs.require_replaceable(path)  # before the work
    report = build(material)
    text = report.page.text_by(outputs.mark)
    outputs.write(path, text.encode(errors="backslashreplace"))  # names of files may hold any byte
    print(path)


def add_arguments(parser):
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run directory")
    parser.add_argument("--probe", nargs="+", action="extend", default=[], type=Path,
                        metavar="FILE", help="further probe files")
    parser.add_argument("--evaluation", nargs="+", action="extend", default=[], type=Path,
                        metavar="FILE", help="further results of superpose evaluate --json")
    parser.add_argument("--output", type=Path, metavar="FILE",
                        help="the page (default: report.html in the first run directory)")
    command.add_force_option(parser)
    parser.set_defaults(work=write_report)
