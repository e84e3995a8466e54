"""Draws and reports what superpose wrote.

usage: superpose_offline COMMAND ARGUMENT...

`superpose_offline COMMAND --help` tells what a command takes and writes.
"""

import sys

from . import __version__, command, read_probe, summary
from .draw import (attention_map, by_stage, curves, edge_groups, growth, inner_products,
                   interventions, methods, theory)
from .export import export
from .record import methods_record, time_to_accuracy
from .report import report
from .sweep import results, scaling

# Each module has its help as its docstring, and add_arguments(parser), which sets `work`.
COMMANDS = {
    "curves": curves, "by_stage": by_stage, "growth": growth, "methods": methods,
    "attention_map": attention_map, "edge_groups": edge_groups, "inner_products": inner_products,
    "interventions": interventions, "theory": theory, "sweep": results, "scaling": scaling,
    "report": report, "time_to_accuracy": time_to_accuracy, "methods_record": methods_record,
    "summary": summary, "read_probe": read_probe, "export": export,
}


def main(words=None):
    """The exit code of a command line, by default that of the process."""
    command.print_anywhere()
    parser = command.parser_for(__doc__, prog=command.PROGRAM)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        module.add_arguments(command.add_command(commands, name, module.__doc__))
    return command.run(parser.parse_args(words))


if __name__ == "__main__":
    sys.exit(main())
