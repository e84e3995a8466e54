"""One self-contained HTML page that puts each measured number beside the published one.

usage: report RUN... [--probe FILE ...] [--evaluation FILE ...] [--output FILE]

RUN is a run directory; its run.h5, probe*.h5 and evaluation*.json are used. Whatever is absent,
damaged or foreign is named on the page, with the reason, and left out. The page has its images in
it and needs neither network nor scripts. Measures and published values: RbS (arXiv 2505.12514),
EoS (arXiv 2509.23365). Exit codes: 0 done, 2 usage, 5 nothing usable, or the page cannot be
written.
"""

import sys
from pathlib import Path

from .. import command
from ..files.hdf5 import Failure
from .material import Material
from .sections import build


def write_report(arguments):
    material = Material(arguments.runs, arguments.probe, arguments.evaluation)
    for what, why, _ in material.missing:
        print(f"report: missing: {what}: {why}", file=sys.stderr)
    if not material.usable:
        raise Failure("nothing usable (the lines above say why); give the directory of a run")
    first = arguments.runs[0]
    path = arguments.output or (first if first.is_dir() else Path(".")) / "report.html"
    outputs = command.outputs_of(arguments, path.parent)
    outputs.require_replaceable(path)  # before the work
    text = build(material).text_by(outputs.mark)
    outputs.write(path, text.encode(errors="backslashreplace"))  # names of files may hold any byte
    print(path)


def add_arguments(parser):
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run directory")
    parser.add_argument("--probe", nargs="+", action="extend", default=[], type=Path,
                        metavar="FILE", help="further probe files")
    parser.add_argument("--evaluation", nargs="+", action="extend", default=[], type=Path,
                        metavar="FILE", help="further results of superpose evaluate --json")
    parser.add_argument("--output", type=Path, metavar="FILE",
                        help="the page (default: report.html in the first run directory)")
    command.add_force_option(parser)
    parser.set_defaults(work=write_report)
