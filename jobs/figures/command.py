"""What the command lines of all figures share."""

import argparse
import sys
from pathlib import Path

from files import Failure
from libraries import matplotlib
from style import STYLE


def parser_for(documentation):
    """A parser whose help is the head of a script."""
    return argparse.ArgumentParser(description=documentation,
                                   formatter_class=argparse.RawDescriptionHelpFormatter,
                                   usage=argparse.SUPPRESS)


def figure_parser(documentation):
    parser = parser_for(documentation)
    parser.add_argument("--output", type=Path, metavar="DIR",
                        help="where the figures go (default: figures beside the first input)")
    return parser


def add_checkpoint_option(parser):
    parser.add_argument("--checkpoint", type=int, metavar="STEP",
                        help="step of the checkpoint in the probe file (default: the last)")


def positive(text):
    """An argument type: 1, 2, ..."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not positive")
    return value


def output_directory(arguments, first):
    return arguments.output or (first if first.is_dir() else first.parent) / "figures"


def run(work, arguments):
    """The exit code of work(arguments), drawn in the style of the house."""
    try:
        with matplotlib.rc_context(STYLE):
            work(arguments)
    except Failure as failure:
        print(f"{Path(sys.argv[0]).name}: error: {failure}", file=sys.stderr)
        return failure.exit_code
    return 0
