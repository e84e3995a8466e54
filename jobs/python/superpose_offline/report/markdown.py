"""The tables of the page as Markdown, to stand in a repository or a note beside others."""

from . import verdicts
from .comparisons import text_of

ESCAPED = str.maketrans({"|": r"\|", "\n": " ", "<": "&lt;", "_": r"\_", "*": r"\*"})


def escape(text):
    return str(text).translate(ESCAPED)


def table(columns, rows):
    lines = [columns, ["---"] * len(columns), *([text_of(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(map(escape, line))} |" for line in lines)


def section(names, comparison):
    return "\n\n".join([
        f"## {escape(comparison.subject)}", f"Of {escape(names)}.",
        f"Sign and order: **{escape(comparison.order)}**. Size: **{escape(comparison.size)}**.",
        table(comparison.columns, comparison.rows), escape(comparison.statement)])


def summary(found):
    rows = [[names, comparison.subject, comparison.order, verdicts.kind_of(comparison.size)]
            for names, comparison in found]
    return table(["of", "measure", "sign and order", "size"], rows)


def rules_of(comparisons):
    """Each rule once, in the order of the tables."""
    return dict.fromkeys(rule for comparison in comparisons for rule in comparison.rules)


def document(title, found, maker):
    """found: (names of runs, Comparison) in the order of the page; maker: who wrote it."""
    sections = [section(names, comparison) for names, comparison in found]
    rules = "\n".join(f"- {escape(rule)}"
                      for rule in rules_of([comparison for _, comparison in found]))
    return "\n\n".join([f"# {escape(title)}", f"<!-- {maker} -->", summary(found), *sections,
                        f"## Rules\n\n{rules}"]) + "\n"
