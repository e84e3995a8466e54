"""The answers of a run in three lines: the model beside the best shortcut that never sees the root.

usage: summary RUN

RUN is a run directory with an evaluation.json, or a file of `superpose evaluate --json`. The best
shortcut is the one with the most answers right over all problems; both of its numbers are shown.
Exit codes: 0 done, 2 usage, 5 the file cannot be read.
"""

from pathlib import Path

from .files.evaluation_file import Evaluation
from .files.measures import Measure


def percent(share):
    """None: there was no such problem."""
    return "-" if share is None else f"{100 * share:.1f} %"


def line(label, all_problems, equal_depth):
    return f"  {label:<46}{all_problems:>12}{equal_depth:>20}"


def lines(evaluation):
    yield line("held-out answers right", "all", "equally deep")
    yield line("the model", percent(evaluation[Measure.ACCURACY]),
               percent(evaluation[Measure.ACCURACY_EQUAL_DEPTH]))
    known = [s for s in evaluation.shortcuts if s[Measure.ACCURACY] is not None]
    if known:
        best = max(known, key=lambda shortcut: shortcut[Measure.ACCURACY])
        yield line("the best shortcut that does not see the root", percent(best[Measure.ACCURACY]),
                   percent(best[Measure.ACCURACY_EQUAL_DEPTH]))


def print_summary(arguments):
    path = arguments.run
    evaluation = Evaluation(path / "evaluation.json" if path.is_dir() else path)
    print(*lines(evaluation), sep="\n")


def add_arguments(parser):
    parser.add_argument("run", type=Path, metavar="RUN", help="run directory, or its results")
    parser.set_defaults(work=print_summary)
