"""Writes histories of runs as files for spreadsheets, TensorBoard, Weights & Biases or MLflow.

usage: export --to csv|jsonl|tensorboard|wandb|mlflow RUN... --output DIR [--force]

RUN is a run directory, or its run.h5; it may still be training. Each run becomes one run with all
tables of run.h5 (steps, epochs, evaluation, attention), the configuration as hyper-parameters, and
where it comes from (commit, command line, hashes of the data). NAME below is that of the run
directory, with as many folders before it as tell the runs of a call apart.
  csv          DIR/NAME/steps.csv, epochs.csv, evaluation.csv, attention.csv, and run.csv with the
               configuration and provenance; an empty cell: not measured
  jsonl        DIR/NAME.jsonl: a line a row, its table under "table"; the first, "run", holds
               configuration and provenance; null: not measured
  tensorboard  DIR/NAME/events.out.tfevents.superpose; numbers in single precision
  wandb        DIR/wandb/offline-run-*, for `wandb sync`; takes the package wandb
  mlflow       DIR/mlflow.db, experiment superpose; takes the package mlflow
A column that has dimensions beside the first is one for each of their values: accuracy_by_hops_4,
next_node_frontier_2, copying_layer1_thought2. Rows of epochs stand at the last step of the epoch.
Times are the start of the run and the seconds of its steps until then: evaluations, checkpoints and
the time between two jobs are left out. No run that DIR holds is replaced without --force.
Weights are exported by the program itself: superpose export --to huggingface CHECKPOINT.
Exit codes: 0 done, 2 usage or a package is missing, 5 a file cannot be read or written.
"""

import argparse
from pathlib import Path

from .. import command
from ..files.hdf5 import Failure, UsageError
from . import history, to_csv, to_jsonl, to_mlflow, to_tensorboard, to_wandb

# Of each module: exporter(outputs), a context manager of an object with present(run), which says
# what of a run is there already or is None, and write(run), which replaces that and returns what it
# wrote.
TARGETS = {"csv": to_csv, "jsonl": to_jsonl, "tensorboard": to_tensorboard, "wandb": to_wandb,
           "mlflow": to_mlflow}


def refuse_present(exporter, runs):
    """Before anything is written."""
    for run in runs:
        if present := exporter.present(run):
            raise UsageError(f"{present} is there already and would be lost; name another --output, "
                             "or add --force")


def export(arguments):
    runs = history.load_all(arguments.runs)
    outputs = command.outputs_of(arguments, arguments.output)
    try:
        arguments.output.mkdir(parents=True, exist_ok=True)
        with TARGETS[arguments.to].exporter(outputs) as exporter:
            if not arguments.force:
                refuse_present(exporter, runs)
            for run in runs:
                print(f"{run.title}: {exporter.write(run)}")
    except OSError as error:
        raise Failure(f"cannot write to {arguments.output} ({error}); choose another "
                      "--output") from error


def target(name):
    """An argument type: one of TARGETS; of what the program itself exports, how."""
    if name == "huggingface":
        raise argparse.ArgumentTypeError(
            "histories have no such form; for weights: superpose export --to huggingface CHECKPOINT")
    return name


def add_arguments(parser):
    parser.add_argument("--to", required=True, type=target, choices=TARGETS,
                        help="for which program")
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run directory")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR",
                        help="where the files go")
    parser.add_argument("--force", action="store_true", help="replace runs that DIR holds")
    parser.set_defaults(work=export)
