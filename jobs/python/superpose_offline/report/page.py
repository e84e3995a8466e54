"""A self-contained HTML page: text, tables, figures inlined."""

import base64
import html
import io

from matplotlib import pyplot as plt

from .comparisons import Cell
from .verdicts import AGREES, DISAGREES, OTHER_SETTING, PARTLY, UNDECIDED, kind_of

CSS = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
       color: #1b1b1b; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; border-top: 1px solid #ddd;
     padding-top: 1rem; } h3 { font-size: 1.05rem; margin-bottom: .4rem; }
table { border-collapse: collapse; font-size: .87rem; margin: .6rem 0; display: block;
        overflow-x: auto; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #e4e4e4; text-align: left;
         vertical-align: top; }
th { background: #f4f4f4; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; } figure img { max-width: 100%; height: auto; }
figcaption, .rule { color: #555; font-size: .85rem; }
pre { background: #f7f7f7; padding: .6rem; overflow-x: auto; font-size: .8rem;
      white-space: pre-wrap; }
.verdict { font-weight: 600; } .good { color: #00664b; } .bad { color: #a33c00; }
.mixed { color: #7a5c00; } .open { color: #555; }
.badge { color: #333; background: #e8e8e8; font-weight: 400; }
"""
VERDICT_CLASSES = {AGREES: "good", DISAGREES: "bad", PARTLY: "mixed", UNDECIDED: "open",
                   OTHER_SETTING: "badge"}


def escape(text):
    return html.escape(str(text))


def cell_html(cell):
    """A Cell keeps its exact value as data-value, shown when the pointer rests on it."""
    if isinstance(cell, Cell):
        return (f'<td class="number" data-value="{cell.value!r}" title="{cell.value!r}">'
                f"{escape(cell.text)}</td>")
    if kind_of(cell) in VERDICT_CLASSES:
        return f'<td class="verdict {VERDICT_CLASSES[kind_of(cell)]}">{escape(cell)}</td>'
    return f"<td>{escape(cell)}</td>"


class Page:
    """Collects the parts of a page; `text_by` is all of it, and says who made it."""

    def __init__(self, title):
        self.title, self.parts = title, []

    def heading(self, text, level=2):
        self.parts.append(f"<h{level}>{escape(text)}</h{level}>")

    def paragraph(self, text, style=None):
        attribute = f' class="{style}"' if style else ""
        self.parts.append(f"<p{attribute}>{escape(text)}</p>")

    def table(self, columns, rows):
        head = "".join(f"<th>{escape(column)}</th>" for column in columns)
        body = "".join(f"<tr>{''.join(map(cell_html, row))}</tr>\n" for row in rows)
        self.parts.append(f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>")

    def figure(self, fig, caption):
        """Inlines the figure and closes it."""
        image = io.BytesIO()
        fig.savefig(image, format="png", dpi=130)
        plt.close(fig)
        data = base64.b64encode(image.getvalue()).decode()
        self.parts.append(f'<figure><img alt="{escape(caption)}" '
                          f'src="data:image/png;base64,{data}">'
                          f"<figcaption>{escape(caption)}</figcaption></figure>")

    def details(self, summary, text):
        self.parts.append(f"<details><summary>{escape(summary)}</summary><pre>{escape(text)}</pre>"
                          "</details>")

    def comparison(self, comparison):
        self.heading(comparison.subject, 3)
        self.table(comparison.columns, comparison.rows)
        self.paragraph(f"Sign and order: {comparison.order}. Size: {comparison.size}. "
                       + comparison.statement)
        for rule in comparison.rules:
            self.paragraph(rule, "rule")

    def text_by(self, maker):
        body = "\n".join(self.parts)
        return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
                f'<meta name="generator" content="{escape(maker)}">'
                f"<title>{escape(self.title)}</title><style>{CSS}</style></head>\n"
                f"<body>\n<h1>{escape(self.title)}</h1>\n{body}\n</body></html>\n")
