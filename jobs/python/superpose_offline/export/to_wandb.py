"""Weights & Biases: offline runs, written by its own library, for `wandb sync`."""

import contextlib
import shutil
from itertools import groupby

from .libraries import failing_with, library

PROJECT = "superpose"


def logged(run):
    """(step, time, values) in the order of steps, once a step: W&B drops what comes for an earlier
    one."""
    rows = sorted((row for table in run.tables for row in table.measurements()),
                  key=lambda row: row[0])
    for step, group in groupby(rows, key=lambda row: row[0]):
        values = {}
        for _, time, measured in group:
            values |= measured
        yield step, time, values


class WandbExporter:
    """Leaves in `directory`/wandb a folder offline-run-*-ID a run."""

    def __init__(self, directory, wandb):
        self.directory, self.wandb = directory, wandb

    def folders(self, run):
        return sorted((self.directory / "wandb").glob(f"offline-run-*-{run.identity}"))

    def present(self, run):
        return next(iter(self.folders(run)), None)

    def settings(self, run):
        """Nothing about the machine and the checkout where the export runs."""
        return self.wandb.Settings(
            console="off", silent=True, disable_git=True, disable_code=True, save_code=False,
            x_disable_stats=True, x_disable_meta=True, x_save_requirements=False,
            x_start_time=run.created)

    def write(self, run):
        for folder in self.folders(run):  # of which there are some only with --force
            shutil.rmtree(folder)
        session = self.wandb.init(
            mode="offline", dir=self.directory, project=PROJECT, name=run.title, id=run.identity,
            config={**run.configuration, "provenance": run.provenance},
            settings=self.settings(run))
        for step, time, values in logged(run):
            session.log({**values, "_timestamp": time}, step=step)
        session.finish()
        return self.folders(run)[-1]


@contextlib.contextmanager
def exporter(outputs):
    wandb = library("wandb")
    with failing_with(wandb.Error):
        yield WandbExporter(outputs.folder, wandb)
