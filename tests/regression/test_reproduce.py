"""jobs/reproduce.sh with a small recipe: methods and seeds as a sweep, what is measured of each, the
records and the report, and that a second call trains nothing again.

Usage: see harness.py."""

import json
import os
import pathlib
import subprocess

import harness
from small_runs import CONFIG, SmallRuns

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "jobs" / "reproduce.sh"
RECIPE = CONFIG.replace('data.train = "train.json"', "").replace('data.valid = "valid.json"', "")


class Reproduce(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        (cls.path / "recipe.toml").write_text(RECIPE)
        cls.place = cls.path / "all of it"  # with a blank, as directories of users have
        cls.place.mkdir()
        for name in ("small", "published_size"):
            os.link(cls.path / "train.json", cls.place / f"{name}.json")

    def reproduce(self, *words):
        return subprocess.run(
            ["bash", SCRIPT, "--config", "recipe.toml", "--directory", "all of it", *words],
            cwd=self.path, env={**os.environ, "SUPERPOSE": str(harness.PROGRAM)}, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=600)

    def test_methods_and_seeds_are_trained_and_measured(self):
        def words(methods):
            return "--methods", methods, "--seeds", "2", "--valid", "valid.json"
        planned = self.reproduce(*words("coconut,no_cot"), "--plan")
        self.assert_succeeds(planned)
        self.assertIn("4 points", planned.stdout)
        self.assert_succeeds(self.reproduce(*words("coconut")))
        trained = {path: path.stat().st_mtime_ns
                   for path in self.place.glob("sweep/points/*/run.h5")}
        self.assertEqual(len(trained), 2)
        self.assert_succeeds(self.reproduce(*words("coconut,no_cot")))  # goes on with more
        for path, time in trained.items():
            self.assertEqual(path.stat().st_mtime_ns, time)
        methods = json.loads((self.place / "methods.json").read_text())["methods"]
        methods = {table["method"]: table for table in methods.values()}
        self.assertEqual(set(methods), {"coconut", "no_cot"})
        for table in methods.values():
            self.assertEqual((table["seeds"], len(table["accuracy"])), ([1, 2], 2))
        self.assertEqual(len(methods["coconut"]["zero_latents"]), 2)
        self.assertEqual(methods["no_cot"]["zero_latents"], [])
        self.assertEqual(len(list(self.place.glob("sweep/points/*/probe.h5"))), 2)
        self.assertIn("coconut", (self.place / "report.html").read_text())
        self.assertTrue(list((self.place / "figures").glob("methods_*.png")))

    def test_mistakes_are_named(self):
        for words, part in ((("--seeds", "0"), "--seeds 0"), (("--methods", "coconuts"), "coconuts"),
                            (("--valid", "none.json"), "none.json"), (("--seeds",), "no value"),
                            (("--size", "3"), "unknown option --size"),
                            (("--scheduler", "cron"), "batch system cron")):
            with self.subTest(words=words):
                result = self.reproduce(*words)
                self.assertEqual(result.returncode, 2)
                self.assertIn(part, result.stderr)


if __name__ == "__main__":
    harness.main()
