"""The report page as a reader gets it: every image, every number, the verdicts, no loose ends.

Usage: test_page.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; PYTHONPATH as in figure_case.py.
"""

import base64
import io
import json
import re
import sys
import unittest

import h5py
import numpy as np
from matplotlib import pyplot as plt

from superpose_offline import published
from superpose_offline.draw.methods import group
from superpose_offline.report import comparisons, comparisons_of_answers, headline
from superpose_offline.report.look import CSS
from superpose_offline.report.material import Material
from superpose_offline.report.page import DPI, WIDE, Page

import synthetic
from figure_case import FigureCase, start
from page_parser import PageParser

MEANS = tuple([[mean for mean, _ in published.EDGE_ATTENTION[g]] for g in synthetic.GROUPS]
              for _ in range(2))
HOSTILE = '<script>alert("x")</script>&'


def make_smaller(folder, hops=2, n_nodes=10, n_edges=12):
    """Of a run with probe and evaluation in the papers' setting: one on small graphs."""
    with h5py.File(folder / "probe.h5", "a") as file:
        for name, value in (("hops", hops), ("n_nodes", n_nodes), ("n_edges", n_edges)):
            file[f"problems/{name}"][...] = value
    with h5py.File(folder / "run.h5", "a") as file:
        file["evaluation/hops"][...] = [hops - 1, hops]


class ReportPage(FigureCase):
    @classmethod
    def settle_in(cls):
        for name, seed in (("full", 0), ("toy0", 0), ("toy1", 1)):
            synthetic.write_run(cls.path / name, MEANS, seed=seed, paper="EoS")
            synthetic.write_probe(cls.path / name / "probe.h5", MEANS, seed=seed, paper="EoS")
            synthetic.write_evaluation(cls.path / name / "evaluation.json", 0.9766536964980544)
            with h5py.File(cls.path / name / "run.h5", "a") as file:
                file.attrs["created"] = "2026-01-02T03:04:05Z"
            with h5py.File(cls.path / name / "probe.h5", "a") as file:
                file.attrs["data_hash_data"] = "00ff00ff00ff00ff"
        for name in ("toy0", "toy1"):
            make_smaller(cls.path / name)
        document = json.loads((cls.path / "full" / "evaluation.json").read_text())
        document["results"][0].update({"latents": 0, "accuracy": 0.3268})
        (cls.path / "full" / "zero_latents.json").write_text(json.dumps(document))
        result = start("report", "full", "--output", "full.html", folder=cls.path)
        assert result.returncode == 0, result.stderr
        cls.text = (cls.path / "full.html").read_text()
        cls.page = PageParser(cls.text)

    def test_the_page_is_well_formed(self):
        self.assertEqual(self.page.faults, [])
        self.assertEqual(self.page.open, [])
        self.assertIn('name="viewport"', self.text)
        for heading in ("Summary: measured beside published", "Figures", "Answers",
                        "What was trained on what, when", "Configuration and provenance"):
            self.assertIn(heading, self.page.headings)

    def test_every_figure_has_an_image_that_decodes(self):
        self.assertEqual(self.page.figures, len(self.page.images))
        self.assertEqual(self.page.figures, 11)  # 2 of answers, 2 of growth, 7 of the probe
        for image in self.page.images:
            kind, data = image.split(",", 1)
            self.assertEqual(kind, "data:image/png;base64")
            pixels = plt.imread(io.BytesIO(base64.b64decode(data, validate=True)))
            self.assertGreater(min(pixels.shape[:2]), 200)
            self.assertGreater(np.ptp(pixels[..., :3]), 0.5)  # something is drawn

    def test_no_cell_is_empty(self):
        self.assertGreater(len(self.page.tables), 8)
        for head, *rows in self.page.tables:
            self.assertTrue(rows, head)
            for row in rows:
                self.assertEqual(len(row), len(head), (head, row))
                self.assertTrue(all(cell.strip() for cell in row), (head, row))
                self.assertFalse({"nan", "None", "inf"} & set(map(str.strip, row)), row)

    def test_the_headline_is_what_was_evaluated(self):
        result = json.loads((self.path / "full" / "evaluation.json").read_text())["results"][0]
        self.assertEqual(self.page.values["value"], [result["accuracy"]])
        self.assertEqual(self.page.values["dd"], [result["accuracy_equal_depth"], 0.3268, 0.93])
        begin = self.text.index('class="headline"')
        shown = re.search(r'class="value"[^>]*>([^<]*)<', self.text[begin:]).group(1)
        self.assertEqual(shown, "97.67 %")
        for result in published.accuracies("coconut", 2, 768):
            self.assertIn(f"<dd>{result.text}</dd>", self.text)
        self.assertIn("of the 257 held-out problems in valid.json", self.text)

    def test_it_tells_what_was_trained_when(self):
        head, row = next(t for t in self.page.tables if t[0][:2] == ["run", "method"])
        self.assertEqual(row[:3], ["full", "coconut, seed 0", "2 layers, 8 heads, n_embd 768"])
        self.assertIn("2026-01-02 03:04:05 UTC", row)
        self.assertEqual(row[4], "valid.json")
        self.assertIn("48 steps in 12 epochs; 0.3 min on 2 processes", row)

    def test_papers_are_named_and_linked(self):
        self.assertEqual(self.page.links, ["https://arxiv.org/abs/2505.12514",
                                           "https://arxiv.org/abs/2509.23365"])
        for paper in published.PAPERS.values():
            self.assertIn(paper.title, self.text)

    def test_a_configuration_stands_once_and_folded(self):
        """A run and its probe have one."""
        self.assertEqual(self.text.count("n_embd = 768"), 1)
        before = self.text[:self.text.index("n_embd = 768")]
        self.assertGreater(before.count("<details>"), before.count("</details>"))
        self.assertNotIn("<details open", self.text)

    def test_light_and_dark_narrow_and_wide(self):
        self.assertIn("prefers-color-scheme: dark", CSS)
        light, dark = (set(re.findall(r"(--[\w-]+):", part))
                       for part in CSS.split("prefers-color-scheme: dark")[:2])
        self.assertEqual(light, dark & light)  # each colour has its dark counterpart
        # The width of its image stands at each figure.
        self.assertEqual(set(re.findall(r"var\((--[\w-]+)\)", CSS)) - light, {"--inches"})
        widths = list(map(float, re.findall(r'<figure[^>]*style="--inches: ([\d.]+)"', self.text)))
        wide = [' class="wide"' in tag for tag in re.findall(r"<figure[^>]*>", self.text)]
        self.assertEqual(wide, [width > WIDE for width in widths])
        pixels = [plt.imread(io.BytesIO(base64.b64decode(image.split(",", 1)[1]))).shape[1]
                  for image in self.page.images]
        np.testing.assert_allclose(widths, np.array(pixels) / DPI, atol=0.051)

    def test_a_toy_in_all_other_settings_published_never_agrees_in_size(self):
        material = Material([self.path / "toy0", self.path / "toy1"], [], [])
        (data, methods), = group(material.evaluations).items()
        found = {
            "answers": comparisons_of_answers.compare_methods(data, methods,
                                                              material.of_problems(methods)),
            "growth": comparisons.compare_growth(material.recorded,
                                                 material.of_held_out(material.recorded)),
            "edges": comparisons.compare_edges(material.probes),
            "products": comparisons.compare_products(material.probes)}
        for name, comparison in found.items():
            self.assertIn("other setting: ", comparison.size, name)
            self.assertIn("n_nodes 10.0 (papers: 22.8)", comparison.size, name)

    def test_without_a_probe_hops_alone_tell_a_toy(self):
        for name in ("toy0", "toy1"):
            (self.path / name / "probe.h5").rename(self.path / f"{name}_probe.h5")
            (self.path / name / "evaluation.json").rename(self.path / f"{name}.json")
        try:
            material = Material([self.path / "toy0", self.path / "toy1"], [], [])
        finally:
            for name in ("toy0", "toy1"):
                (self.path / f"{name}_probe.h5").rename(self.path / name / "probe.h5")
                (self.path / f"{name}.json").rename(self.path / name / "evaluation.json")
        growth = comparisons.compare_growth(material.recorded,
                                            material.of_held_out(material.recorded))
        (data, methods), = group(material.evaluations).items()
        answers = comparisons_of_answers.compare_methods(data, methods,
                                                         material.of_problems(methods))
        for comparison in (growth, answers):
            self.assertIn("hops 1, 2 (papers: 3, 4)", comparison.size)

    def test_hostile_text_stays_text(self):
        page = Page(HOSTILE)
        page.heading(HOSTILE)
        page.table([HOSTILE], [[HOSTILE], [f"other setting: {HOSTILE}"],
                               [comparisons.Cell(1.0, HOSTILE)]], stack=True)
        page.result(HOSTILE, HOSTILE)
        page.tiles([(HOSTILE, HOSTILE)])
        with page.folded(HOSTILE):
            page.paragraph(HOSTILE)
        page.figure(plt.figure(figsize=(1, 1)), HOSTILE)
        text = page.text_by(HOSTILE)
        self.assertNotIn("<script", text)
        self.assertNotIn('"x"', text)
        parsed = PageParser(text)
        self.assertEqual((parsed.faults, parsed.open), ([], []))
        self.assertEqual(parsed.tables[0][1][0], HOSTILE)

    def test_a_page_without_answers_says_so(self):
        page = Page("nothing")
        headline.add_headline(page, Material([], [self.path / "full" / "probe.h5"], []), [])
        self.assertIn("No answers were measured", page.text_by("test"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
