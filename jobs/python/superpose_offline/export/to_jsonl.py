"""JSON lines: a file a run, a line a row."""

import json
import math

from .files import file_exporter


def finite(value):
    """JSON has neither NaN nor infinity."""
    return value if math.isfinite(value) else None


def lines(run):
    yield {"table": "run", "name": run.title, "configuration": run.configuration,
           "provenance": run.provenance}
    for table in run.tables:
        for step, time, row in table.rows():
            row = {name: finite(value) for name, value in row.items()}
            yield {"table": table.name, "step": step, "unix_time": time, **row}


def path_of(run):
    return f"{run.name}.jsonl"


def files_of(run):
    text = "".join(json.dumps(line) + "\n" for line in lines(run))
    return {path_of(run): text.encode()}


def exporter(outputs):
    return file_exporter(outputs, path_of, files_of)
