"""A self-contained HTML page: text, tables, figures inlined. Every text is escaped here."""

import base64
import contextlib
import html
import io

from matplotlib import pyplot as plt

from .comparisons import Cell, text_of
from .look import CSS
from .verdicts import (AGREES, DISAGREES, NOT_PUBLISHED, NOT_USED, OTHER_SETTING, PARTLY, UNDECIDED,
                       USED, kind_of)

VERDICT_CLASSES = {AGREES: "good", USED: "good", DISAGREES: "bad", NOT_USED: "bad",
                   PARTLY: "mixed", UNDECIDED: "open", NOT_PUBLISHED: "open",
                   OTHER_SETTING: "badge"}
DPI = 130
WIDE = 7.2  # inches of its image, from which a figure takes the whole width


def escape(text):
    return html.escape(str(text))


def link(text, address):
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def badge(verdict, count=None):
    """A verdict as a coloured badge, with how often it was given; what names the difference of a
    setting stands after it."""
    kind = kind_of(verdict)
    if kind not in VERDICT_CLASSES:
        return escape(verdict)
    number = f"{count} × " if count else ""
    detail = str(verdict)[len(kind):]
    after = f'<span class="badge-detail">{escape(detail)}</span>' if detail else ""
    return f'<span class="verdict {VERDICT_CLASSES[kind]}">{number}{escape(kind)}</span>{after}'


def width_of(png):
    """Inches. Saving trims a figure, or widens it by what stands outside, so the image tells."""
    return int.from_bytes(png[16:20], "big") / DPI


def exact(cell):
    """Attributes that keep its exact value, shown when the pointer rests on it."""
    return f' data-value="{cell.value!r}" title="{cell.value!r}"' if isinstance(cell, Cell) else ""


def cell_html(column, cell):
    label = f' data-label="{escape(column)}"' if column else ""
    if isinstance(cell, Cell):
        return f'<td class="number"{label}{exact(cell)}>{escape(cell.text)}</td>'
    return f"<td{label}>{badge(cell)}</td>"


class Page:
    """Collects the parts of a page; `text_by` is all of it, and says who made it."""

    def __init__(self, title):
        self.title, self.parts = title, []

    def add(self, markup):
        self.parts.append(markup)

    def heading(self, text, level=2):
        self.add(f"<h{level}>{escape(text)}</h{level}>")

    def paragraph(self, text, style=None):
        attribute = f' class="{style}"' if style else ""
        self.add(f"<p{attribute}>{escape(text)}</p>")

    def table(self, columns, rows, stack=False):
        """stack: in a narrow window each row becomes a card, for tables of words."""
        head = "".join(f"<th>{escape(column)}</th>" for column in columns)
        body = "".join(f"<tr>{''.join(map(cell_html, columns, row))}</tr>\n" for row in rows)
        self.add(f'<div class="scroll{" stack" if stack else ""}"><table><thead><tr>{head}</tr>'
                 f"</thead>\n<tbody>\n{body}</tbody></table></div>")

    def figure(self, fig, caption):
        """Inlines the figure and closes it."""
        image = io.BytesIO()
        fig.savefig(image, format="png", dpi=DPI)
        plt.close(fig)
        inches = width_of(image.getvalue())
        wide = ' class="wide"' if inches > WIDE else ""
        data = base64.b64encode(image.getvalue()).decode()
        self.add(f'<figure{wide} style="--inches: {inches:.1f}"><div class="image">'
                 f'<img alt="{escape(caption)}" src="data:image/png;base64,{data}"></div>'
                 f"<figcaption>{escape(caption)}</figcaption></figure>")

    def result(self, cell, what):
        """The one number of the page, and what it is of."""
        self.add(f'<p class="result"><span class="value"{exact(cell)}>{escape(text_of(cell))}'
                 f'</span> <span class="what">{escape(what)}</span></p>')

    def tiles(self, tiles):
        """tiles: (label, cell)."""
        items = "".join(f"<div><dt>{escape(label)}</dt><dd{exact(cell)}>{escape(text_of(cell))}"
                        "</dd></div>" for label, cell in tiles)
        self.add(f'<dl class="tiles">{items}</dl>')

    @contextlib.contextmanager
    def within(self, begin, end):
        """What is added meanwhile stands between the two; nothing is left of them if nothing is."""
        outer, self.parts = self.parts, []
        try:
            yield
        finally:
            outer += [begin, *self.parts, end] if self.parts else []
            self.parts = outer

    def figures(self):
        return self.within('<div class="figures">', "</div>")

    def box(self, style):
        return self.within(f'<div class="{style}">', "</div>")

    def folded(self, summary):
        return self.within(f"<details><summary>{escape(summary)}</summary>", "</details>")

    def comparison(self, comparison):
        self.heading(comparison.subject, 3)
        self.add(f"<p>Sign and order: {badge(comparison.order)} &ensp; Size: "
                 f"{badge(comparison.size)}</p>")
        self.table(comparison.columns, comparison.rows)
        self.paragraph(comparison.statement)
        for rule in comparison.rules:
            self.paragraph(rule, "rule")

    def text_by(self, maker):
        body = "\n".join(self.parts)
        return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
                f'<meta name="generator" content="{escape(maker)}">'
                '<meta name="viewport" content="width=device-width, initial-scale=1">'
                f"<title>{escape(self.title)}</title><style>{CSS}</style></head>\n"
                f"<body>\n<h1>{escape(self.title)}</h1>\n{body}\n</body></html>\n")
