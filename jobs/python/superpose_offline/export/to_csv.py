"""CSV: a folder a run, a file a table."""

import csv
import io
import math

from .files import file_exporter


def cell(value):
    """Shortest text that gives the same number again; empty: not measured."""
    return "" if isinstance(value, float) and math.isnan(value) else value


def csv_of(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def table_rows(table):
    """Step and time first: those of the steps have their step as index."""
    names = [name for name in table.columns if name != "step"]
    yield ["step", "unix_time", *names]
    for step, time, row in table.rows():
        yield [step, time, *(cell(row[name]) for name in names)]


def run_rows(run):
    yield ["kind", "name", "value"]
    yield from (["configuration", *item] for item in run.settings().items())
    yield from (["provenance", *item] for item in run.provenance.items())


def files_of(run):
    files = {f"{run.name}/{table.name}.csv": csv_of(table_rows(table)) for table in run.tables}
    return files | {f"{run.name}/run.csv": csv_of(run_rows(run))}


def exporter(outputs):
    return file_exporter(outputs, lambda run: run.name, files_of)
