"""Reads results of `superpose evaluate --json`, or the last evaluation that a run.h5 holds."""

import json
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .hdf5 import Failure, open_hdf5, provenance
from .measures import HOPS, Measure, result_of_version_1
from .run_history import Run

FORMAT_VERSION = 2  # of the results; 1, which did not say so, is read too


def hops_in(measures):
    """Numbers of hops of which there are problems; measures: by name, of a result or a history."""
    hops = [int(h) for h in measures.get(HOPS, [])]
    n_problems = np.reshape(measures.get(Measure.N_PROBLEMS_BY_HOPS, []), (-1, len(hops) or 1))
    return [h for i, h in enumerate(hops) if len(n_problems) == 0 or n_problems[-1][i] > 0]


class Evaluation:
    """Answers of one model on one problem file. evaluation[Measure.ACCURACY] is a number, a list
    for measures by hops, or None where nothing was measured. latents: how many latent tokens, in
    words, where they are not those of the training."""

    def __init__(self, path):
        self.path = path
        self.name = path.resolve().parent.name
        with open_results(path) as document:
            self._read(document)
        self.configuration = find_configuration(path, Path(document["checkpoint"]))

    def __getitem__(self, measure):
        return self.result[measure]

    @property
    def hops(self):
        """Numbers of hops that the problems have."""
        return hops_in(self.result)

    def _read(self, document):
        results = results_in(document, self.path)
        trained = [r for r in results if isinstance(r["latents"], str)]
        # Of `evaluate --latents 0,2,6` the most thoughts stand for the model, and the name says so.
        chosen = trained[0] if trained else max(results, key=lambda r: r["latents"])
        self.latents = "" if trained else f"{chosen['latents']} latent tokens"
        if not trained:
            self.name += f" ({self.latents})"
        self.document = document
        self.result = {name: chosen[name] for name in (*Measure, HOPS)}
        self.data, self.data_hash = Path(document["data"]).name, document["data_hash"]
        self.step = document["step"]
        self.shortcuts = document.get("shortcuts", [])


@contextmanager
def open_results(path):
    """The document at the path; whatever a reader misses in it becomes a Failure that names it."""
    document = read_json(path)
    try:
        yield document
    except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
        raise Failure(f"{path} is no result of superpose evaluate ({type(error).__name__}: "
                      f"{error}); write it with superpose evaluate --json") from error


def results_in(document, path):
    """Its results, one for each number of latent tokens, under the names of today."""
    version = document.get("format_version", 1)
    if version > FORMAT_VERSION:
        raise Failure(f"cannot read {path} (format version {version}, this package knows "
                      f"{FORMAT_VERSION}); use that of the superpose that wrote it")
    results = document["results"]
    return [result_of_version_1(result) for result in results] if version == 1 else results


class LastEvaluation:
    """The last evaluation in the history of a run; those of version 2 do not hold the number of
    problems."""

    shortcuts, latents = [], ""

    def __init__(self, run):
        if not run.has_answers():
            raise Failure(f"{run.path} has no evaluation (no held-out problems, or none so far); "
                          "evaluate a checkpoint with --json")
        self.path, self.name, self.configuration = run.path, run.name, run.configuration
        self.data = Path(run.configuration["data"]["valid"]).name
        self.data_hash = run.attributes.get("data_hash_valid", "")
        self.step = int(run.steps["step"][run.rows_of_evaluations()[-1]])
        self.hops = hops_in(run.evaluation)
        self._run = run

    def __getitem__(self, measure):
        column = self._run.evaluation.get(measure)
        return None if column is None or not np.isfinite(column[-1]).all() else column[-1]


def read_json(path):
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Failure(f"cannot read {path} ({error}); it is damaged or no JSON; write it again "
                      "with superpose evaluate --json") from error
    if not isinstance(document, dict) or not isinstance(document.get("checkpoint"), str):
        raise Failure(f"{path} is no result of superpose evaluate (it names no checkpoint); write "
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
                  "either can be read); keep the results in the directory of the run")


def evaluations_of(path):
    """The results at a path: a JSON file, or all of a run directory, or its run.h5's last row."""
    if path.is_file():
        return [Evaluation(path)]
    files = sorted(path.glob("evaluation*.json"))
    return [Evaluation(file) for file in files] or [LastEvaluation(Run(path))]
