"""run.jsonl, the log of a training as lines for programs. Usage: see harness.py."""

import json
import unittest.mock

from superpose_offline.export import history, to_jsonl

import harness
from small_runs import N_TRAIN, SmallRuns

STEPS = 12  # four epochs of 44 problems in batches of 19
LIVE = {"output.jsonl": True, "record.every": 2, "output.checkpoint_every": 1}
OF_THE_CLOCK = ("unix_time", "seconds")


def without_times(line):
    return {name: value for name, value in line.items() if name not in OF_THE_CLOCK}


def in_order(lines):
    return sorted(json.dumps(line, sort_keys=True) for line in lines)


class LiveLog(SmallRuns):
    def lines(self, directory):
        text = (self.path / directory / "run.jsonl").read_text(encoding="utf-8")
        self.assertTrue(text.endswith("\n"))
        return [json.loads(line) for line in text.splitlines()]

    def rows(self, directory):
        """All but the first, without wall times."""
        return [without_times(line) for line in self.lines(directory)[1:]]

    def kill(self, directory, settings, fault):
        with unittest.mock.patch.dict("os.environ", SUPERPOSE_FAULT=fault):
            self.assertEqual(self.train(directory, settings).returncode, -9)

    def test_it_holds_the_lines_of_the_export(self):
        """The same rows with the same names and numbers, in the order in which they come about."""
        self.assert_succeeds(self.train("whole", LIVE, ranks=2))
        first, *rows = self.lines("whole")
        exported = list(to_jsonl.lines(history.load(self.path / "whole", "whole")))
        self.assertEqual(first, exported[0])
        self.assertEqual(in_order(map(without_times, rows)),
                         in_order(map(without_times, exported[1:])))
        self.assertEqual([(row["table"], row["step"]) for row in rows[:5]],
                         [("steps", 1), ("steps", 2), ("steps", 3), ("epochs", 3),
                          ("evaluation", 3)])
        self.assertEqual({row["table"] for row in rows},
                         {"steps", "epochs", "evaluation", "attention"})
        times = [row["unix_time"] for row in rows]
        self.assertEqual(times, sorted(times))

    def test_of_steps_it_has_those_that_are_printed(self):
        self.assert_succeeds(self.train("thin", {**LIVE, "output.log_every": 5}))
        steps = [row["step"] for row in self.rows("thin") if row["table"] == "steps"]
        self.assertEqual(steps, [5, 10, STEPS])
        self.assert_succeeds(self.train("without", {"train.epochs": 1}))
        self.assertFalse((self.path / "without" / "run.jsonl").exists())

    def test_a_killed_run_goes_on_without_repeated_lines(self):
        """Killed in step 8, resumed from step 6; half a line as a full disk would leave it."""
        self.assert_succeeds(self.train("undisturbed", LIVE))
        self.kill("killed", LIVE, "kill:backward:0:8")
        self.assertEqual(self.rows("killed")[-1]["step"], 7, "each line is there at once")
        log = self.path / "killed" / "run.jsonl"
        node = log.stat().st_ino
        with log.open("a", encoding="utf-8") as file:
            file.write('{"table": "steps", "st')
        self.assert_succeeds(self.train("killed", LIVE))
        self.assertEqual(self.rows("killed"), self.rows("undisturbed"))
        self.assertEqual(log.stat().st_ino, node, "readers follow the same file")

    def test_an_epoch_that_ends_again_has_one_line(self):
        """The checkpoint is of the last step of an epoch, before its end."""
        settings = {**LIVE, "data.valid": "", "train.batch_size": N_TRAIN, "train.epochs": 3,
                    "output.checkpoint_every": 100}
        (self.path / "again").mkdir()
        (self.path / "again" / "stop").touch()
        self.assertEqual(self.train("again", settings).returncode, 75)
        self.kill("again", settings, "kill:forward:0:2")
        self.assertEqual([row["table"] for row in self.rows("again")], ["steps", "epochs"])
        self.assert_succeeds(self.train("again", settings))
        self.assertEqual([(row["table"], row["epoch"]) for row in self.rows("again")],
                         [(table, epoch) for epoch in range(3) for table in ("steps", "epochs")])

    def test_a_run_that_had_none_begins_one(self):
        self.kill("later", {"output.checkpoint_every": 1}, "kill:backward:0:8")
        self.assert_succeeds(self.train("later", LIVE))
        self.assertEqual(self.lines("later")[0]["table"], "run")
        self.assertEqual([row["step"] for row in self.rows("later") if row["table"] == "steps"],
                         list(range(7, STEPS + 1)))

    def test_what_stands_in_its_place_is_not_lost(self):
        kept = self.path / "kept.json"
        kept.write_text("mine\n", encoding="utf-8")
        settings = {**LIVE, "train.epochs": 1, "optimizer.schedule": "constant"}
        (self.path / "place").mkdir()
        (self.path / "place" / "run.jsonl").symlink_to(kept)
        self.assert_succeeds(self.train("place", settings))
        self.assertFalse((self.path / "place" / "run.jsonl").is_symlink())
        for epochs, name in ((2, "run.jsonl.damaged"), (3, "run.jsonl.damaged.2")):
            (self.path / "place" / "run.jsonl").write_text(f"notes {epochs}\n", encoding="utf-8")
            result = self.train("place", {**settings, "train.epochs": epochs})
            self.assert_succeeds(result)
            self.assertIn(f"kept as place/{name}\n", result.stderr)
            self.assertEqual((self.path / "place" / name).read_text(), f"notes {epochs}\n")
        self.assertEqual((self.path / "place" / "run.jsonl.damaged").read_text(), "notes 2\n")
        self.assertEqual(kept.read_text(encoding="utf-8"), "mine\n")
        (self.path / "folder" / "run.jsonl").mkdir(parents=True)
        self.assert_fails(self.train("folder", LIVE), 5, "run.jsonl")


if __name__ == "__main__":
    harness.main()
