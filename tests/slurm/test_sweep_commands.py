"""superpose sweep on SLURM: submit, status, resubmit, cancel, collect. Usage: see slurm_runs.py.

Without SLURM: tests/regression/test_sweep.py."""

import json

from slurm_runs import SOURCE, SlurmRuns, harness
from small_runs import CONFIG

SWEEP = """
[sweep]
base = "small.toml"
seeds = 2

[train]
epochs = {epochs}
batch_size = 8
accumulation = 1

[output]
checkpoint_every = 1

[optimizer]
schedule = "constant"

[resources]
nodes = 2
ranks_per_node = 1
time = "10:00"
{resources}
"""
PROBLEMS = """
[[axis]]
name = "problems"
points = [{ label = "there" }, { label = "not yet", data.train = "later.json" }]
"""


class SweepCommands(SlurmRuns):
    def write_sweep(self, name, epochs=2, more="", resources=""):
        (self.path / f"{name}.toml").write_text(
            SWEEP.format(epochs=epochs, resources=resources) + more)

    def sweep(self, part, name, *arguments):
        return self.slurm(harness.PROGRAM, "sweep", part, f"{name}.toml", *arguments)

    def status(self, name):
        return json.loads(self.sweep("status", name, "--json"))

    def counts(self, name):
        return {state: n for state, n in self.status(name)["counts"].items() if n > 0}

    def points(self, name):
        folder = self.path / "runs" / "sweeps" / name / "points"
        return {point["point"]: folder / point["identity"] for point in self.status(name)["points"]}

    def wait_for_counts(self, name, **counts):
        self.cluster.wait_until(lambda: self.counts(name) == counts,
                                f"{counts} of {name}, not {self.counts(name)}")

    def test_points_run_over_nodes_once_and_are_collected(self):
        self.write_sweep("whole")
        self.assertIn("--array=0-1%1 --nodes=2 --ntasks=2 --ntasks-per-node=1",
                      self.sweep("submit", "whole", "--throttle", 1, "--dry_run"))
        self.assertEqual(self.counts("whole"), {"planned": 2})
        self.assertIn("submitted 2 points", self.sweep("submit", "whole", "--throttle", 1))
        self.assertIn("0 to start now", self.sweep("submit", "whole"))
        self.assertIn("0 to start now", self.sweep("resubmit", "whole"))
        self.wait_for_counts("whole", done=2)
        point = self.points("whole")["seed = 2"]
        self.assertIn("2 ranks", (point / "log").read_text().splitlines()[0])
        self.train("alone", {"train.epochs": 2, "train.batch_size": 8, "train.accumulation": 1,
                             "train.seed": 2, "optimizer.schedule": "constant",
                             "output.checkpoint_every": 1})
        self.assertEqual(self.outcome(point), self.outcome("alone"))
        self.assertIn("2 of 2 points", self.sweep("collect", "whole"))

    def test_a_failed_point_runs_again_alone(self):
        self.write_sweep("failing", more=PROBLEMS)
        self.sweep("submit", "failing")
        self.wait_for_counts("failing", done=2, failed=2)
        self.assertIn("failed with code 3: problems = not yet", self.sweep("status", "failing"))
        self.assertIn("0 to start now", self.sweep("submit", "failing"))
        self.write_json("later.json", self.read_json("train.json"))
        self.assertIn("submitted 2 points", self.sweep("resubmit", "failing"))
        self.wait_for_counts("failing", done=4)
        for description, point in self.points("failing").items():
            runs = (point / "log").read_text().count("superpose train: ")
            self.assertEqual(runs, 1, description)

    def test_a_cancelled_sweep_stays_down_until_it_is_submitted_again(self):
        """One point runs, the other waits for the nodes."""
        self.write_sweep("cancelled", epochs=4, resources='sbatch = "--exclusive"')
        self.write_sweep("undisturbed", epochs=4)
        self.sweep("submit", "cancelled")
        running, waiting = self.points("cancelled").values()
        self.cluster.wait_until(lambda: self.checkpoints(running), "a checkpoint")
        self.assertEqual(self.counts("cancelled"), {"running": 1, "queued": 1})
        self.assertIn("cancelled 2 points", self.sweep("cancel", "cancelled"))
        self.wait_for_counts("cancelled", interrupted=1, planned=1)
        self.assertIn("nothing of this sweep", self.sweep("cancel", "cancelled"))
        self.assertFalse((waiting / "log").exists())
        self.assertIn("submitted 2 points", self.sweep("submit", "cancelled"))
        self.sweep("submit", "undisturbed")
        self.wait_for_counts("cancelled", done=2)
        self.wait_for_counts("undisturbed", done=2)
        for description, point in self.points("undisturbed").items():
            self.assertEqual(self.outcome(self.points("cancelled")[description]),
                             self.outcome(point))

    def test_reproduce_submits_then_measures(self):
        place = self.path / "reproduced"
        place.mkdir()
        for name in ("small", "published_size"):
            (place / f"{name}.json").hardlink_to(self.path / "train.json")
        (self.path / "recipe.toml").write_text(
            CONFIG.replace('data.train = "train.json"', "").replace('data.valid = "valid.json"', ""))
        words = ("bash", SOURCE / "jobs" / "reproduce.sh", "--config", "recipe.toml", "--directory",
                 place, "--methods", "no_cot", "--seeds", "1", "--valid", "valid.json",
                 "--scheduler", "slurm")
        self.assertIn("call the same command again", self.slurm(*words))
        self.assertFalse((place / "methods.json").exists())
        point = place / "sweep" / "points"
        self.cluster.wait_until(lambda: list(point.glob("*/evaluation.json")), "an evaluation")
        self.cluster.wait_until(
            lambda: "1 done" in self.slurm(harness.PROGRAM, "sweep", "status", place / "sweep.toml"),
            "the point to be done")
        self.assertIn("report.html", self.slurm(*words))
        methods = json.loads((place / "methods.json").read_text())["methods"]
        self.assertEqual([table["seeds"] for table in methods.values()], [[1]])

    def test_an_array_longer_than_allowed_is_submitted_in_parts(self):
        most = int(next(line.split("=")[1] for line in
                        self.slurm("scontrol", "show", "config").splitlines()
                        if line.startswith("MaxArraySize")))
        self.write_sweep("long")
        text = (self.path / "long.toml").read_text().replace("seeds = 2", f"seeds = {most + 5}")
        (self.path / "long.toml").write_text(text)
        commands = self.sweep("submit", "long", "--dry_run")
        self.assertIn(f"--array=0-{most - 1} ", commands)
        self.assertIn("--array=0-4 ", commands)


if __name__ == "__main__":
    harness.main()
