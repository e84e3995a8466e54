"""What all commands share: parsers, arguments, exit codes."""

import argparse
import io
import os
import sys
from pathlib import Path

import matplotlib

from .draw.style import STYLE
from .files.hdf5 import Failure
from .files.output import Outputs, paths_in

PROGRAM = "superpose_offline"
CLOSED_PIPE = 128 + 13  # as of a process that SIGPIPE ended


def help_options(documentation):
    """Of a parser whose help begins with a docstring, which has the usage line."""
    return {"description": documentation, "usage": argparse.SUPPRESS,
            "formatter_class": argparse.RawDescriptionHelpFormatter}


def parser_for(documentation, **options):
    return argparse.ArgumentParser(**help_options(documentation), **options)


def add_command(commands, name, documentation):
    """The parser of a command; its line in the list of commands is the docstring's first."""
    summary = documentation.split("\n\n")[0].replace("%", "%%")
    return commands.add_parser(name, help=summary, prog=f"{PROGRAM} {name}",
                               **help_options(documentation))


def add_output_option(parser,
                      what="where the figures go (default: figures beside the first input)"):
    parser.add_argument("--output", type=Path, metavar="DIR", help=what)
    add_force_option(parser)


def add_force_option(parser):
    parser.add_argument("--force", action="store_true",
                        help="replace what other commands, or this one from other inputs, wrote")


def add_checkpoint_option(parser):
    parser.add_argument("--checkpoint", type=int, metavar="STEP",
                        help="step of the checkpoint in the probe file (default: the last)")


def positive(text):
    """An argument type: 1, 2, ..."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not positive")
    return value


def outputs_of(arguments, folder):
    """What the command may write, and in which folder."""
    inputs = [*paths_in(value for name, value in vars(arguments).items()
                        if name not in ("output", "markdown"))]
    return Outputs(folder, arguments.command, inputs, arguments.force)


def output_directory(arguments, first):
    folder = arguments.output or (first if first.is_dir() else first.parent) / "figures"
    return outputs_of(arguments, folder)


def print_anywhere():
    """Lets stdout escape what its encoding (LANG, PYTHONIOENCODING) cannot show."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr does anyway


def run(arguments):
    """The exit code of arguments.work(arguments), drawn in the style of the house."""
    matplotlib.use("Agg")  # no display on a compute node
    try:
        with matplotlib.rc_context(STYLE):
            code = arguments.work(arguments)
        if sys.stdout is not None:  # as with a stdout that was closed from the beginning
            sys.stdout.flush()
    except Failure as failure:
        print(f"{PROGRAM} {arguments.command}: error: {failure}", file=sys.stderr)
        return failure.exit_code
    except BrokenPipeError:  # whoever read the output has had enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    return code or 0
