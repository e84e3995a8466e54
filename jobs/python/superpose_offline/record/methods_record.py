"""Accuracies by method and seed, as JSON.

usage: methods_record RUN... [--output DIR]

RUN is a run directory with the results of superpose evaluate: evaluation.json, and where there is
one zero_latents.json (--latents 0). Prints a line a method with mean and
95 % interval over seeds; --output writes methods.json.
Exit codes: 0 done, 2 usage, 5 a file cannot be read or written.
"""

from pathlib import Path

from .. import command, intervals
from ..draw.methods import method_of
from ..files.evaluation_file import Evaluation
from ..files.measures import Measure
from ..files.output import write_json
from ..files.run_history import Run
from .time_to_accuracy import zero_latents_of

COLUMNS = ("accuracy", "equal_depth", "zero_latents")


def name_of(configuration):
    layers = configuration["model"]["n_layer"]
    return method_of(configuration) + ("" if layers == 2 else f", {layers} layers")


def entries_of(paths):
    """(name of the method, seed, values of COLUMNS) of each run."""
    for path in paths:
        evaluation = Evaluation(path / "evaluation.json")
        configuration = evaluation.configuration
        yield (name_of(configuration), configuration["train"]["seed"],
               (evaluation[Measure.ACCURACY], evaluation[Measure.ACCURACY_EQUAL_DEPTH],
                zero_latents_of(Run(path))))


def table_of(entries):
    """{method: {column: [by seed]}}; a seed stands once, what was not measured is left out."""
    table = {}
    for name, seed, values in sorted(entries, key=lambda entry: entry[:2]):
        columns = table.setdefault(name, {"seeds": [], **{c: [] for c in COLUMNS}})
        columns["seeds"].append(seed)
        for column, value in zip(COLUMNS, values):
            if value is not None:
                columns[column].append(round(value, 4))
    return table


def interval_text(values):
    if not values:
        return "-"
    if len(values) == 1:
        return f"{100 * values[0]:.1f} % (1 seed)"
    mean, low, high = intervals.over_seeds(values)
    return f"{100 * mean:.1f} % ({100 * low:.1f} to {100 * high:.1f}, {len(values)} seeds)"


def write_table(arguments):
    table = table_of(entries_of(arguments.runs))
    for name, columns in table.items():
        print(f"  {name:<40}" + "  ".join(f"{c} {interval_text(columns[c])}" for c in COLUMNS))
    if arguments.output:
        write_json(command.outputs_of(arguments, arguments.output), "methods.json",
                   {"methods": table})


def add_arguments(parser):
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run directory")
    command.add_output_option(parser, "where the record goes")
    parser.set_defaults(work=write_table)
