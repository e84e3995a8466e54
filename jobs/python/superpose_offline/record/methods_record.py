"""Accuracies by method and seed, as JSON.

usage: methods_record RUN... [--output DIR]

RUN is a run directory with the results of superpose evaluate: evaluation.json, and where there is
one zero_latents.json (--latents 0); all of one problem file. Runs of one method, layers, heads and
width differ in the seed; of one seed only the latest step counts. Prints a line a method with mean
and 95 % interval (the wider of Student's t over seeds and Wilson's of their answers); --output
writes methods.json.
Exit codes: 0 done, 2 usage, 5 a file cannot be read or written, or files do not go together.
"""

from pathlib import Path

from .. import command, intervals
from ..draw.methods import OF_HOW_MANY, key_of, latest_of_seeds, same_data
from ..files.evaluation_file import Evaluation
from ..files.hdf5 import Failure
from ..files.measures import Measure
from ..files.output import write_json
from .time_to_accuracy import rounded, zero_latents_in

# Column of the record: measure, None of the results without thoughts.
COLUMNS = {"accuracy": Measure.ACCURACY, "equal_depth": Measure.ACCURACY_EQUAL_DEPTH,
           "zero_latents": None}


def names_of(keys):
    """Name by key (label, layers, heads, width): the label alone where it tells them apart."""
    labels = [label for label, *_ in keys]
    return {key: key[0] if labels.count(key[0]) == 1 else
            "{}, {} layers, {} heads, n_embd {}".format(*key) for key in keys}


def value_of(evaluation, measure):
    """(share, of how many problems); (None, None) where it was not measured."""
    if measure is not None:
        return evaluation[measure], evaluation[OF_HOW_MANY[measure]]
    share = zero_latents_in(evaluation.path.parent)
    return share, None if share is None else evaluation[Measure.N_PROBLEMS]


def evaluations_of(paths):
    """Those that count, in the order of methods and seeds."""
    found = [Evaluation(path / "evaluation.json") for path in paths]
    if len(files := list(same_data(found))) > 1:
        raise Failure(f"{files[0][0].path} is of {files[0][0].data}, {files[1][0].path} of "
                      f"{files[1][0].data} or another version of it (a record is of one problem "
                      "file); evaluate all runs on the same")
    latest = latest_of_seeds(found)
    for e in found:
        if e not in latest.values():
            print(f"  {e.path}: left out, of this method and seed a later step or another file "
                  "counts")
    return [latest[key] for key in sorted(latest)]


def entry_of(evaluations):
    """The record of one method: what tells it apart, and its columns by seed; what was not measured
    is left out."""
    configuration = evaluations[0].configuration
    label, n_layer, n_head, n_embd = key_of(configuration)
    entry = {"method": configuration["method"]["name"], "label": label, "n_layer": n_layer,
             "n_head": n_head, "n_embd": n_embd,
             "seeds": [e.configuration["train"]["seed"] for e in evaluations]}
    for column, measure in COLUMNS.items():
        known = [value for e in evaluations if (value := value_of(e, measure))[0] is not None]
        entry[column] = [round(share, 4) for share, _ in known]
        entry[f"{column}_interval"] = interval_of(known)
    return entry


def interval_of(known):
    """mean, low, high and how it was made, None where nothing was measured."""
    if not known:
        return None
    mean, low, high, how = intervals.of_accuracies(*map(list, zip(*known)))
    return {"mean": rounded(mean, 4), "low": rounded(low, 4), "high": rounded(high, 4),
            "made_by": how}


def table_of(evaluations):
    methods = {}
    for e in evaluations:
        methods.setdefault(key_of(e.configuration), []).append(e)
    names = names_of(methods)
    return {names[key]: entry_of(members) for key, members in methods.items()}


def interval_text(found):
    if found is None:
        return "-"
    return (f"{100 * found['mean']:.1f} % ({100 * found['low']:.1f} to {100 * found['high']:.1f}, "
            f"{found['made_by']})")


def write_table(arguments):
    evaluations = evaluations_of(arguments.runs)
    table = table_of(evaluations)
    width = max(map(len, table))
    for name, entry in table.items():
        print(f"  {name:<{width}}  "
              + "  ".join(f"{c} {interval_text(entry[f'{c}_interval'])}" for c in COLUMNS))
    if arguments.output:
        write_json(command.outputs_of(arguments, arguments.output), "methods.json",
                   {"data": evaluations[0].data, "data_hash": evaluations[0].data_hash,
                    "methods": table})


def add_arguments(parser):
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run directory")
    command.add_output_option(parser, "where the record goes")
    parser.set_defaults(work=write_table)
