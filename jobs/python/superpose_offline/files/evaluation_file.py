"""Reads results of `superpose evaluate --json`, or the last evaluation that a run.h5 holds."""

import json
from pathlib import Path

from .hdf5 import Failure, open_hdf5, provenance
from .run_history import Run


class Evaluation:
    """Answers of one model on one problem file.

    accuracy, equal_depth: shares of answers right (None: not measured); n_problems, n_equal_depth:
    of how many, None where the file does not tell."""

    def __init__(self, path):
        self.path = path
        self.name = path.resolve().parent.name
        document = read_json(path)
        try:
            self._read(document)
        except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
            raise Failure(f"{path} is no result of superpose evaluate ({type(error).__name__}: "
                          f"{error}) write it with superpose evaluate --json") from error
        self.configuration = find_configuration(path, Path(document["checkpoint"]))

    def _read(self, document):
        trained = [r for r in document["results"] if isinstance(r["latents"], str)]
        if not trained:
            raise ValueError("no result with the latents of the training")
        self.document, self.result = document, trained[0]
        self.data, self.data_hash = Path(document["data"]).name, document["data_hash"]
        self.step = document["step"]
        self.accuracy = self.result["all"]["accuracy"]
        self.n_problems = self.result["all"]["problems"]
        self.equal_depth = self.result["equal_depth"]["accuracy"]
        self.n_equal_depth = self.result["equal_depth"]["problems"]
        self.by_hops = self.result.get("by_hops", {})
        self.shortcuts = document.get("shortcuts", [])


class LastEvaluation:
    """The last evaluation in the history of a run; it does not hold the number of problems."""

    n_problems = n_equal_depth = None
    shortcuts, by_hops = [], {}

    def __init__(self, run):
        if not run.has_answers():
            raise Failure(f"{run.path} has no evaluation (no held-out problems, or none so far) "
                          "evaluate a checkpoint with --json")
        self.path, self.name, self.configuration = run.path, run.name, run.configuration
        self.data = Path(run.configuration["data"]["valid"]).name
        self.data_hash = run.attributes.get("data_hash_valid", "")
        self.step = int(run.steps["step"][-1])
        self.accuracy = float(run.evaluation["accuracy"][-1])
        self.equal_depth = float(run.evaluation["equal_depth_accuracy"][-1])


def read_json(path):
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Failure(f"cannot read {path} ({error}) it is damaged or no JSON; write it again with "
                      "superpose evaluate --json") from error
    if not isinstance(document, dict) or not isinstance(document.get("checkpoint"), str):
        raise Failure(f"{path} is no result of superpose evaluate (it names no checkpoint) write "
                      "it with superpose evaluate --json")
    return document


def find_configuration(path, checkpoint):
    """The configuration of the run: from the run.h5 beside the results or the checkpoint, else from
    the checkpoint itself."""
    candidates = [(path.parent / "run.h5", "superpose_run"),
                  (path.parent / checkpoint.name, "superpose_checkpoint"),
                  (checkpoint.parent / "run.h5", "superpose_run"),
                  (checkpoint, "superpose_checkpoint")]
    for file_path, kind in candidates:
        try:
            with open_hdf5(file_path, kind) as file:
                return provenance(file)[1]
        except Failure:
            continue
    raise Failure(f"cannot tell the method of {path} (neither {checkpoint} nor a run.h5 beside "
                  "either can be read) keep the results in the directory of the run")


def evaluations_of(path):
    """The results at a path: a JSON file, or all of a run directory, or its run.h5's last row."""
    if path.is_file():
        return [Evaluation(path)]
    files = sorted(path.glob("evaluation*.json"))
    return [Evaluation(file) for file in files] or [LastEvaluation(Run(path))]
