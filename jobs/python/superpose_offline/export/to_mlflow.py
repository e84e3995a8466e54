"""MLflow: runs in a database file, written by its own library. Its folders of files, mlruns, are
refused by MLflow itself since version 3."""

import contextlib
import math
from itertools import islice

from .libraries import failing_with, library

EXPERIMENT = "superpose"
IDENTITY = "superpose.identity"  # the tag by which a run is found again
MOST_METRICS = 1000              # of one call; MLflow's limits
MOST_PARAMETERS = 100
MOST_CHARACTERS = 6000           # of a parameter; 8000 of a tag


def batches(items, size):
    items = iter(items)
    while batch := list(islice(items, size)):
        yield batch


def milliseconds(time):
    return math.floor(1000 * time)


def metrics(run):
    """(name, value, ms, step) of everything measured."""
    for table in run.tables:
        for step, time, values in table.measurements():
            for name, value in values.items():
                yield name, value, milliseconds(time), step


def texts(values):
    return {name: str(value)[:MOST_CHARACTERS] for name, value in values.items()}


class MlflowExporter:
    """Fills DIR/mlflow.db."""

    def __init__(self, directory, mlflow):
        self.path, self.mlflow = directory / "mlflow.db", mlflow
        self.client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{self.path.resolve()}")
        experiment = self.client.get_experiment_by_name(EXPERIMENT)
        artifacts = (directory / "artifacts").resolve().as_uri()
        self.experiment = (experiment.experiment_id if experiment else
                           self.client.create_experiment(EXPERIMENT, artifacts))

    def runs(self, run):
        return self.client.search_runs([self.experiment], f"tags.`{IDENTITY}` = '{run.identity}'")

    def present(self, run):
        return f"run {run.title} of {self.path}" if self.runs(run) else None

    def write(self, run):
        for old in self.runs(run):  # of which there are some only with --force
            self.client.delete_run(old.info.run_id)
        tags = texts(run.provenance) | {IDENTITY: run.identity}
        run_id = self.client.create_run(self.experiment, milliseconds(run.created), tags,
                                        run.title).info.run_id
        self.log(run_id, run)
        self.client.set_terminated(run_id, end_time=milliseconds(run.end))
        return self.path

    def log(self, run_id, run):
        entities = self.mlflow.entities
        for batch in batches(texts(run.settings()).items(), MOST_PARAMETERS):
            self.client.log_batch(run_id, params=[entities.Param(*item) for item in batch])
        for batch in batches(metrics(run), MOST_METRICS):
            self.client.log_batch(run_id, metrics=[entities.Metric(*item) for item in batch])


@contextlib.contextmanager
def exporter(outputs):
    mlflow = library("mlflow")
    errors = mlflow.exceptions.MlflowException, library("sqlalchemy").exc.SQLAlchemyError
    with failing_with(errors):
        yield MlflowExporter(outputs.folder, mlflow)
