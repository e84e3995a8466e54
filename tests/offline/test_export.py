"""Histories of real runs as files for other programs: superpose_offline export. Nothing here takes
more than the package itself; test_export_libraries.py has the programs that the files are for.

Usage: test_export.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; PYTHONPATH as in figure_case.py.
"""

import csv
import json
import math
import pathlib
import re
import shutil
import struct
import sys
import unittest
from datetime import datetime
from unittest import mock

import h5py
import numpy as np

from superpose_offline import read
from superpose_offline.export import history, to_mlflow, to_tensorboard, to_wandb
from superpose_offline.export.protobuf import varint

import small_runs
from figure_case import FigureCase, start

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
TABLES = ("steps", "epochs", "evaluation", "attention")


def records_of(path):
    """What a file of TFRecords holds, by their lengths alone."""
    content = path.read_bytes()
    while content:
        length, = struct.unpack("<Q", content[:8])
        yield content[:12 + length + 4]
        content = content[12 + length + 4:]


def varint_at(content, at):
    value = shift = 0
    while True:
        value |= (content[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if content[at - 1] < 0x80:
            return value, at


def fields_of(message):
    """{number: [values]} of a protocol buffer: integers, floats, or bytes."""
    fields, at = {}, 0
    while at < len(message):
        key, at = varint_at(message, at)
        kind = key & 7
        if kind == 0:
            value, at = varint_at(message, at)
        elif kind in (1, 5):
            size, code = (8, "<d") if kind == 1 else (4, "<f")
            value, at = struct.unpack(code, message[at:at + size])[0], at + size
        else:
            length, at = varint_at(message, at)
            value, at = message[at:at + length], at + length
        fields.setdefault(key >> 3, []).append(value)
    return fields


class Formats(unittest.TestCase):
    def test_checksums_are_the_published_ones(self):
        """RFC 3720, appendix B.4, and the check value of CRC-32C."""
        for content, crc in ((b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA),
                             (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E)):
            self.assertEqual(to_tensorboard.crc32c(content), crc)

    def test_integers_on_the_wire(self):
        for value, content in ((0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"),
                               (-1, "ff" * 9 + "01")):
            self.assertEqual(varint(value).hex(), content)

    def test_names_are_kept_apart_by_as_many_folders_as_it_takes(self):
        folders = [pathlib.Path(text) for text in ("/x/a/run", "/x/b/run", "/y/b/run", "/z/other")]
        self.assertEqual(history.names_apart(folders), ["a/run", "x/b/run", "y/b/run", "other"])


class Export(FigureCase, small_runs.SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        for name, settings in (("run", {"record.every": 1}), ("elsewhere/run", {"train.seed": 5}),
                               ("cot", {"method.name": "cot"})):
            (cls.path / name).parent.mkdir(exist_ok=True)
            result = cls.train(name, settings)
            assert result.returncode == 0, result.stderr

    def export(self, target, *runs, options=()):
        """The folder of the output."""
        output = self.path / f"{self._testMethodName}_{target}"
        result = start("export", "--to", target, *runs, "--output", output, *options,
                       folder=self.path)
        self.assertEqual(result.returncode, 0, result.stderr)
        return output

    def csv_rows(self, path):
        with open(path, newline="") as file:
            return list(csv.DictReader(file))

    # --- Tables ---------------------------------------------------------------------------------

    def test_csv_has_every_number_of_every_table(self):
        folder = self.export("csv", "run") / "run"
        self.assertEqual({f.name for f in folder.iterdir()}, {f"{t}.csv" for t in (*TABLES, "run")})
        with h5py.File(self.path / "run" / "run.h5") as file:
            for table in TABLES:
                rows = self.csv_rows(folder / f"{table}.csv")
                expected = {name: data[()] for name, data in file[table].items()
                            if name in ("step", "epoch") or not h5py.h5ds.is_scale(data.id)}
                n_columns = sum(data[0].size for data in expected.values())
                self.assertEqual(len(rows[0]), n_columns + 1 + (table != "steps"))
                for name, data in expected.items():
                    place = r"(_[a-z]*\d+)+" if data.ndim > 1 else ""
                    columns = [c for c in rows[0] if re.fullmatch(name + place, c)]
                    values = [[float(row[c] or "nan") for c in columns] for row in rows]
                    np.testing.assert_array_equal(values, data.reshape(len(rows), -1), name)

    def test_columns_are_named_by_their_place(self):
        folder = self.export("csv", "run") / "run"
        run = read.open_run(self.path / "run")
        last = self.csv_rows(folder / "evaluation.csv")[-1]
        self.assertEqual(float(last["next_node_frontier_2"]),
                         run.evaluation.next_node_frontier.sel(hop=2)[-1])
        self.assertEqual(float(last["accuracy_by_hops_3"]),
                         run.evaluation.accuracy_by_hops.sel(hops=3)[-1])
        last = self.csv_rows(folder / "attention.csv")[-1]
        self.assertEqual(float(last["edge_attention_optimal_layer2_thought1"]),
                         run.attention.edge_attention_optimal.sel(layer=2, thought=1)[-1])

    def test_rows_stand_at_the_last_step_of_their_epoch_and_at_its_time(self):
        folder = self.export("csv", "run") / "run"
        run = read.open_run(self.path / "run")
        created = datetime.fromisoformat(run.attributes["created"]).timestamp()
        rows = self.csv_rows(folder / "epochs.csv")
        for row in rows:
            until = run.steps.where(run.steps.epoch <= int(row["epoch"]), drop=True)
            self.assertEqual(int(row["step"]), until.step[-1])
            self.assertAlmostEqual(float(row["unix_time"]), created + float(until.seconds.sum()), 5)
        self.assertEqual(int(rows[-1]["step"]), run.steps.step[-1])

    def test_configuration_and_provenance(self):
        folder = self.export("csv", "run") / "run"
        found = {(row["kind"], row["name"]): row["value"]
                 for row in self.csv_rows(folder / "run.csv")}
        run = read.open_run(self.path / "run")
        self.assertEqual(found["configuration", "model.n_embd"], "32")
        self.assertEqual(found["configuration", "method.name"], "coconut")
        for name in ("git_hash", "command_line", "data_hash_train", "data_hash_valid", "created"):
            self.assertEqual(found["provenance", name], run.attributes[name])

    def test_json_lines(self):
        output = self.export("jsonl", "run", "cot")
        lines = [json.loads(line, parse_constant=self.fail)
                 for line in (output / "run.jsonl").read_text().splitlines()]
        run = read.open_run(self.path / "run")
        self.assertEqual(lines[0]["table"], "run")
        self.assertEqual(lines[0]["configuration"], run.configuration)
        self.assertEqual(lines[0]["provenance"]["git_hash"], run.attributes["git_hash"])
        losses = [line["loss"] for line in lines if line["table"] == "steps"]
        self.assertEqual(losses, run.steps.loss.values.tolist())
        self.assertEqual([line["table"] for line in lines if line["table"] != "steps"],
                         ["run", *["epochs"] * 4, *["evaluation"] * 4, *["attention"] * 4])
        # What cot has not: thoughts, and so their statistics.
        of_cot = (output / "cot.jsonl").read_text().splitlines()
        tables = {json.loads(line)["table"] for line in of_cot}
        self.assertEqual(tables, {"run", "steps", "epochs", "evaluation"})

    def test_what_was_not_measured_is_empty_null_or_left_out(self):
        shutil.copytree(self.path / "cot", self.path / "gaps")
        with h5py.File(self.path / "gaps" / "run.h5", "r+") as file:
            file["evaluation/loss"][1] = math.nan
        rows = self.csv_rows(self.export("csv", "gaps") / "gaps" / "evaluation.csv")
        self.assertEqual([row["loss"] == "" for row in rows], [False, True, False, False])
        text = (self.export("jsonl", "gaps") / "gaps.jsonl").read_text()
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertEqual([line["loss"] is None for line in lines if line["table"] == "evaluation"],
                         [False, True, False, False])
        events = list(self.events(self.export("tensorboard", "gaps") / "gaps"))
        self.assertEqual(sum("evaluation/loss" in event[2] for event in events), 3)

    # --- TensorBoard ----------------------------------------------------------------------------

    def events(self, folder):
        """(step, time, {tag: number or bytes of the value}) of each event after the first."""
        for i, record in enumerate(records_of(folder / to_tensorboard.FILE_NAME)):
            self.assertEqual(record, to_tensorboard.record(record[12:-4]))
            fields = fields_of(record[12:-4])
            if i == 0:
                self.assertEqual(fields[3], [b"brain.Event:2"])
                continue
            values = [fields_of(value) for value in fields_of(fields[5][0])[1]]
            yield fields[2][0], fields[1][0], {v[1][0].decode(): v[2][0] if 2 in v else v
                                               for v in values}

    def test_events_hold_every_measurement_at_its_step(self):
        events = list(self.events(self.export("tensorboard", "run") / "run"))
        run = read.open_run(self.path / "run")
        losses = {step: values["steps/loss"] for step, _, values in events
                  if "steps/loss" in values}
        self.assertEqual(list(losses), run.steps.step.values.tolist())
        np.testing.assert_array_equal(list(losses.values()), run.steps.loss.astype("f4"))
        accuracies = [values["evaluation/accuracy_by_hops_2"] for _, _, values in events
                      if "evaluation/accuracy_by_hops_2" in values]
        np.testing.assert_array_equal(
            accuracies, run.evaluation.accuracy_by_hops.sel(hops=2).astype("f4"))
        steps, times = [[event[i] for event in events] for i in (0, 1)]
        self.assertEqual(steps, sorted(steps))
        self.assertEqual(times, sorted(times))

    def test_the_first_event_holds_settings_and_provenance(self):
        _, _, values = next(self.events(self.export("tensorboard", "run") / "run"))
        page = values["provenance"][8][0]
        self.assertIn(read.open_run(self.path / "run").attributes["git_hash"].encode(), page)
        plugin = fields_of(fields_of(values["_hparams_/session_start_info"][9][0])[1][0])
        self.assertEqual(plugin[1], [b"hparams"])
        settings = [fields_of(entry) for entry in fields_of(fields_of(plugin[2][0])[3][0])[1]]
        settings = {entry[1][0].decode(): fields_of(entry[2][0]) for entry in settings}
        self.assertEqual(settings["method.name"], {3: [b"coconut"]})
        self.assertEqual(settings["model.n_embd"], {2: [32.0]})
        self.assertEqual(settings["method.shuffle_nodes"], {4: [1]})

    # --- Rows for W&B and MLflow ----------------------------------------------------------------

    def test_wandb_gets_one_row_a_step_in_ascending_order(self):
        run, = history.load_all([self.path / "run"])
        rows = list(to_wandb.logged(run))
        self.assertEqual([step for step, _, _ in rows], list(range(1, 13)))
        with_answers = [step for step, _, values in rows if "evaluation/accuracy" in values]
        self.assertEqual(with_answers, [3, 6, 9, 12])
        self.assertIn("attention/edge_attention_optimal_layer2_thought1", rows[-1][2])
        self.assertIn("epochs/loss", rows[-1][2])

    def test_mlflow_gets_every_measurement_once(self):
        run, = history.load_all([self.path / "run"])
        rows = list(to_mlflow.metrics(run))
        self.assertEqual(len({(name, step) for name, _, _, step in rows}), len(rows))
        self.assertEqual(len(rows), sum(len(values) for table in run.tables
                                        for _, _, values in table.measurements()))
        self.assertEqual([step for name, _, _, step in rows if name == "epochs/loss"],
                         [3, 6, 9, 12])
        self.assertEqual([len(b) for b in to_mlflow.batches(range(2500), 1000)], [1000, 1000, 500])

    # --- Several runs, and what is there already ------------------------------------------------

    def test_runs_of_one_name_are_kept_apart(self):
        output = self.export("csv", "run", "elsewhere/run", "cot")
        parent = self.path.name
        seeds = {}
        for name in (f"{parent}/run", "elsewhere/run", "cot"):
            rows = self.csv_rows(output / name / "run.csv")
            seeds[name] = next(r["value"] for r in rows if r["name"] == "train.seed")
        self.assertEqual(list(seeds.values()), ["0", "5", "0"])
        runs = history.load_all([self.path / "run", self.path / "elsewhere" / "run"])
        self.assertNotEqual(runs[0].identity, runs[1].identity)
        twice = start("export", "--to", "csv", "run", "run/run.h5", "--output", output,
                      folder=self.path)
        self.assert_fails_with(twice, 2, "given twice")

    def test_nothing_is_replaced_without_force(self):
        for target in ("csv", "jsonl", "tensorboard"):
            with self.subTest(target):
                output = self.export(target, "cot")
                name = "cot.jsonl" if target == "jsonl" else "cot"
                files = [f for f in output.rglob("*") if f.is_file()]
                for file in files:
                    file.write_text("mine")
                again = ("export", "--to", target, "run", "cot", "--output", output)
                self.assert_fails_with(start(*again, folder=self.path), 2, f"{output / name} is",
                                       "--force")
                self.assertEqual({f.read_text() for f in files}, {"mine"})
                self.assertEqual([f.name for f in output.iterdir()], [name])
                other = output / "other.txt"
                other.write_text("mine")
                result = start(*again, "--force", folder=self.path)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertNotIn(b"mine", [f.read_bytes() for f in files])
                self.assertEqual(other.read_text(), "mine")
                self.assertEqual(list(output.rglob("*.partial")), [])

    def test_a_link_is_something_that_is_there(self):
        output = self.export("jsonl", "run")
        (output / "cot.jsonl").symlink_to(self.path / "not_yet")
        result = start("export", "--to", "jsonl", "cot", "--output", output, folder=self.path)
        self.assert_fails_with(result, 2, "cot.jsonl is there")
        self.assertFalse((self.path / "not_yet").exists())

    # --- Mistakes -------------------------------------------------------------------------------

    def test_a_missing_package_is_named_with_its_command(self):
        for name in ("wandb", "mlflow"):
            with mock.patch.dict(sys.modules, {name: None}):
                result = start("export", "--to", name, "run", "--output", "o", folder=self.path)
            self.assert_fails_with(result, 2, f"takes the Python package {name}",
                                   f"pip install {name}")

    def test_weights_are_another_command(self):
        result = start("export", "--to", "huggingface", "run", "--output", "o", folder=self.path)
        self.assert_fails_with(result, 2, "superpose export --to huggingface CHECKPOINT")

    def test_runs_that_cannot_be_exported(self):
        shutil.copytree(self.path / "cot", self.path / "undated")
        with h5py.File(self.path / "undated" / "run.h5", "r+") as file:
            del file.attrs["created"]
        for run, *parts in (("nowhere", "nowhere"), ("train.json", "damaged"),
                            ("undated", "when the run began")):
            result = start("export", "--to", "csv", run, "--output", "none", folder=self.path)
            self.assert_fails_with(result, 5, *parts)
        self.assertEqual(start("export", "--to", "excel", "run", "--output", "none",
                               folder=self.path).returncode, 2)
        (self.path / "taken").write_text("")
        result = start("export", "--to", "csv", "run", "--output", "taken", folder=self.path)
        self.assert_fails_with(result, 5, "cannot write to taken")
        self.assertFalse((self.path / "none").exists())

    def test_a_run_of_the_version_before_has_the_names_of_today(self):
        output = self.path / "before"
        result = start("export", "--to", "csv", DATA / "run_version_2.h5", "--output", output)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("accuracy_equal_depth",
                      self.csv_rows(output / "data" / "evaluation.csv")[0])

    def test_a_name_that_is_no_utf_8(self):
        name = "caf\udce9\n$"
        shutil.copytree(self.path / "cot", self.path / name)
        for target in ("csv", "jsonl", "tensorboard"):
            self.export(target, name)
        run, = history.load_all([self.path / name])
        self.assertEqual(run.title, "caf\ufffd\ufffd$")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
