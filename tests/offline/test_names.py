"""Directories and labels of any name: each figure is drawn, and the name can be read in it.

Usage: test_names.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; PYTHONPATH as in figure_case.py.
"""

import os
import subprocess
import sys
import unittest

import matplotlib
from matplotlib import pyplot as plt

from superpose_offline.draw import growth
from superpose_offline.draw.style import plain

import synthetic
import synthetic_sweep
from figure_case import FIGURES, FigureCase, start

# Mathtext that is none, a label that a legend would leave out, and bytes that are no UTF-8.
NAMES = [r"lr$_{1$x", r"_a\$b^{$", "caf\udce9\n\x1b[1m"]
MEANS = tuple([[1.0] * synthetic.N_THOUGHT] * len(synthetic.GROUPS) for _ in range(2))


def drawn_texts(text):
    """What a legend, a title and the canvas make of a label."""
    fig, ax = plt.subplots()
    ax.plot([0], label=plain(text))
    legend = ax.legend()
    ax.set_title(plain(text))
    fig.canvas.draw()
    plt.close(fig)
    return [t.get_text() for t in legend.get_texts()]


class Names(FigureCase):
    @classmethod
    def settle_in(cls):
        matplotlib.use("Agg")
        for seed, name in enumerate(NAMES):
            synthetic.write_run(cls.path / name, MEANS, seed=seed)
            synthetic.write_probe(cls.path / name / "probe.h5", MEANS, seed=seed)
            synthetic.write_evaluation(cls.path / name / "evaluation.json", 0.9)

    def test_every_figure_of_runs_is_drawn(self):
        probes = [f"{name}/probe.h5" for name in NAMES]
        for command, *files in (("curves", *NAMES), ("attention_map", probes[0]),
                                ("inner_products", probes[1]), ("methods", *NAMES),
                                ("report", *NAMES[1:])):  # which draws the others
            with self.subTest(command):
                output = f"{command}.html" if command == "report" else command
                result = start(command, *files, "--output", output, folder=self.path)
                self.assertEqual(result.returncode, 0, result.stderr)

    def test_labels_of_a_sweep(self):
        folder = self.path / NAMES[0]
        labels = ("axis of the $weep", [NAMES[0], NAMES[1]])
        synthetic_sweep.write_training(
            folder / "collected.h5", {"n_$": ("model.n_embd", [128, 384]), "_m$": labels,
                                      "other": labels, "seed": ("train.seed", [1, 2, 3])},
            [((1, 1, 0, 2), "failed")] + [((0, 1, 1, seed), "planned") for seed in range(3)])
        result = start("sweep", folder, "--output", "sweep", folder=self.path)
        self.assertEqual(result.returncode, 0, result.stderr)
        synthetic_sweep.write_bench(folder / "bench.h5", [1, 2, 4, 8])
        result = start("scaling", folder / "bench.h5", "--output", "scaling", folder=self.path)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_each_run_has_its_place_in_the_legend(self):
        fig = growth.draw_compared([growth.load(self.path / name) for name in NAMES])
        labels = [text.get_text() for text in fig.legends[0].get_texts()]
        plt.close(fig)
        for part in (r"lr\$_{1\$x: coconut", r" _a\\$b^{\$: coconut", "caf\ufffd\n\ufffd[1m"):
            self.assertTrue(any(part in label for label in labels), (part, labels))

    def test_text_is_drawn_letter_by_letter(self):
        for text in ("$x^{$", "$a$", r"\$a$ $b$", "_hidden", "_$_$"):
            label, = drawn_texts(text)
            drawn, is_math = plt.Text()._preprocess_math(label)
            self.assertFalse(is_math, text)
            self.assertEqual(drawn.strip(), text)

    def draw(self, *arguments, **environment):
        return subprocess.run(["bash", FIGURES / "draw.sh", *map(os.fsencode, arguments)],
                              cwd=self.path, env={**os.environ, **environment},
                              capture_output=True, timeout=120)

    def test_output_in_any_encoding(self):
        for environment in ({"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "utf-8"}):
            result = self.draw("edge_groups", f"{NAMES[2]}/probe.h5", "--output", NAMES[2],
                               **environment)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn(b"measured", result.stdout)
            self.assertIn(b"caf\\udce9", result.stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
