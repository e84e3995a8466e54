"""Exported histories, read back by the programs that they are for: TensorBoard, wandb, MLflow. The
tests of a package that is not installed are skipped, with its name.

Usage: test_export_libraries.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; PYTHONPATH as in
figure_case.py.
"""

import importlib.util
import json
import struct
import sys
import unittest

import numpy as np

from superpose_offline import read

import small_runs
from figure_case import FigureCase, start


def takes(name):
    return unittest.skipUnless(importlib.util.find_spec(name), f"takes the Python package {name}")


class ReadBack(FigureCase, small_runs.SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        for name, settings in (("run", {"record.every": 1}), ("cot", {"method.name": "cot"})):
            result = cls.train(name, settings)
            assert result.returncode == 0, result.stderr
        cls.history = read.open_run(cls.path / "run")
        cls.last_frontier = float(cls.history.evaluation.next_node_frontier.sel(hop=2)[-1])

    def export(self, target, *options):
        output = self.path / target
        return output, start("export", "--to", target, self.path / "run", self.path / "cot",
                             "--output", output, *options)

    def export_well(self, target, *options):
        output, result = self.export(target, *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return output

    def refuses_then_replaces(self, target):
        output, again = self.export(target)
        self.assert_fails_with(again, 2, "there already", "--force")
        return self.export_well(target, "--force")

    @takes("tensorboard")
    def test_tensorboard(self):
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        from tensorboard.plugins.hparams import metadata
        events = EventAccumulator(str(self.export_well("tensorboard") / "run"),
                                  size_guidance={"scalars": 0, "tensors": 0})
        events.Reload()
        losses = events.Scalars("steps/loss")
        self.assertEqual([e.step for e in losses], self.history.steps.step.values.tolist())
        np.testing.assert_array_equal([e.value for e in losses],
                                      self.history.steps.loss.astype("f4"))
        self.assertEqual(events.Scalars("evaluation/next_node_frontier_2")[-1].value,
                         np.float32(self.last_frontier))
        content = events.PluginTagToContent(metadata.PLUGIN_NAME)
        session = metadata.parse_session_start_info_plugin_data(
            content[metadata.SESSION_START_INFO_TAG])
        self.assertEqual(session.hparams["method.name"].string_value, "coconut")
        self.assertEqual(session.hparams["model.n_embd"].number_value, 32)
        self.assertIn("provenance", events.PluginTagToContent("text"))
        page = events.Tensors("provenance")[0].tensor_proto.string_val[0].decode()
        self.assertIn(self.history.attributes["git_hash"], page)

    @takes("wandb")
    def test_wandb(self):
        self.export_well("wandb")
        output = self.refuses_then_replaces("wandb")
        folders = sorted(output.glob("wandb/offline-run-*"))
        self.assertEqual(len(folders), 2)
        by_name = {}
        for folder in folders:
            records = list(wandb_records(next(folder.glob("run-*.wandb"))))
            run, = (r.run for r in records if r.WhichOneof("record_type") == "run")
            rows = [wandb_row(r.history) for r in records
                    if r.WhichOneof("record_type") == "history"]
            by_name[run.display_name] = run, rows
        run, rows = by_name["run"]
        self.assertEqual(run.project, "superpose")
        with_loss = [row for row in rows if "steps/loss" in row]
        self.assertEqual([row["_step"] for row in with_loss],
                         self.history.steps.step.values.tolist())
        np.testing.assert_array_equal([row["steps/loss"] for row in with_loss],
                                      self.history.steps.loss)
        self.assertEqual(rows[-1]["evaluation/next_node_frontier_2"], self.last_frontier)
        np.testing.assert_allclose(
            np.diff([row["_timestamp"] for row in with_loss]), self.history.steps.seconds[1:],
            atol=1e-5)
        config = {item.key: item.value_json for item in run.config.update}
        self.assertIn('"n_embd":32', config["model"].replace(" ", ""))
        self.assertIn(self.history.attributes["git_hash"], config["provenance"])

    @takes("mlflow")
    def test_mlflow(self):
        import mlflow
        self.export_well("mlflow")
        output = self.refuses_then_replaces("mlflow")
        client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{output / 'mlflow.db'}")
        experiment = client.get_experiment_by_name("superpose")
        runs = {r.info.run_name: r for r in client.search_runs([experiment.experiment_id])}
        self.assertEqual(set(runs), {"run", "cot"})
        run = runs["run"]
        self.assertEqual(run.data.params["model.n_embd"], "32")
        self.assertEqual(run.data.tags["git_hash"], self.history.attributes["git_hash"])
        self.assertEqual(run.info.status, "FINISHED")
        losses = client.get_metric_history(run.info.run_id, "steps/loss")
        self.assertEqual([m.step for m in losses], self.history.steps.step.values.tolist())
        np.testing.assert_array_equal([m.value for m in losses], self.history.steps.loss)
        self.assertEqual(run.data.metrics["evaluation/next_node_frontier_2"], self.last_frontier)

    @takes("mlflow")
    def test_a_foreign_mlflow_database_is_an_error(self):
        folder = self.path / "foreign"
        folder.mkdir()
        (folder / "mlflow.db").write_text("no database, but longer than a header of one" * 10)
        result = start("export", "--to", "mlflow", self.path / "run", "--output", folder)
        self.assert_fails_with(result, 5, "cannot export")


BLOCK = 32768  # W&B's files are logs of LevelDB: blocks of chunks, and a record may take several
FULL, LAST = 1, 4


def wandb_records(path):
    from wandb.proto import wandb_internal_pb2
    content, at, message = path.read_bytes(), 7, b""  # after ":W&B", magic and version
    while at < len(content):
        if BLOCK - at % BLOCK < 7:
            at += BLOCK - at % BLOCK
            continue
        _, length, kind = struct.unpack("<IHB", content[at:at + 7])
        message += content[at + 7:at + 7 + length]
        at += 7 + length
        if kind in (FULL, LAST):
            yield wandb_internal_pb2.Record.FromString(message)
            message = b""


def wandb_row(history):
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json)
            for item in history.item}


if __name__ == "__main__":
    # wandb takes only a whole number as the exit code, which unittest.main does not give.
    program = unittest.main(argv=[sys.argv[0], *sys.argv[4:]], exit=False)
    sys.exit(0 if program.result.wasSuccessful() else 1)
