"""One self-contained HTML page that puts each measured number beside the published one.

usage: report RUN... [--probe FILE ...] [--evaluation FILE ...] [--output FILE] [--markdown FILE]

RUN is a run directory; its run.h5, probe*.h5 and evaluation*.json are used. Whatever is absent,
damaged or foreign is named on the page, with the reason, and left out. The page has its images in
it and needs neither network nor scripts; --markdown writes its tables alone, as text. Runs that
differ in the seed only stand in one table, as mean and range. Measures and published values: RbS
(arXiv 2505.12514), EoS (arXiv 2509.23365). Exit codes: 0 done, 2 usage, 5 nothing usable, or the
page cannot be written.
"""

import os
import sys
from pathlib import Path

from .. import command
from ..files.hdf5 import Failure, UsageError
from . import markdown
from .material import Material
from .sections import TITLE, build


def write_report(arguments):
    material = Material(arguments.runs, arguments.probe, arguments.evaluation)
    for what, why, _ in material.missing:
        print(f"report: missing: {what}: {why}", file=sys.stderr)
    if not material.usable:
        raise Failure("nothing usable (the lines above say why); give the directory of a run")
    first = arguments.runs[0]
    path = arguments.output or (first if first.is_dir() else Path(".")) / "report.html"
    paths = [p for p in (path, arguments.markdown) if p]
    if len(set(map(os.path.realpath, paths))) < len(paths):
        raise UsageError(f"--markdown names the page itself ({path}); name another file")
    outputs = command.outputs_of(arguments, path.parent)
    for output in paths:  # before the work
        outputs.require_replaceable(output)
    page, found = build(material)
    texts = [page.text_by(outputs.mark), markdown.document(TITLE, found, outputs.mark)]
    for output, text in zip(paths, texts):
        outputs.write(output, text.encode(errors="backslashreplace"))  # names may hold any byte
        print(output)


def add_arguments(parser):
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run directory")
    parser.add_argument("--probe", nargs="+", action="extend", default=[], type=Path,
                        metavar="FILE", help="further probe files")
    parser.add_argument("--evaluation", nargs="+", action="extend", default=[], type=Path,
                        metavar="FILE", help="further results of superpose evaluate --json")
    parser.add_argument("--output", type=Path, metavar="FILE",
                        help="the page (default: report.html in the first run directory)")
    parser.add_argument("--markdown", type=Path, metavar="FILE",
                        help="the tables beside the published, as Markdown")
    command.add_force_option(parser)
    parser.set_defaults(work=write_report)
