"""What a report page holds, by html.parser: images, tables, exact numbers, links, open elements."""

import html
import html.parser
import re

VOID = {"meta", "img", "br"}


class PageParser(html.parser.HTMLParser):
    """images: `src` of each figure; figures: their number; tables: rows of cells as text; values:
    by the class of the element, the exact numbers; links: addresses; faults: of the nesting."""

    def __init__(self, text):
        super().__init__()
        self.images, self.tables, self.links, self.values, self.faults = [], [], [], {}, []
        self.figures, self.open, self.headings = 0, [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "img":
            self.images.append(attributes["src"])
        if tag == "a":
            self.links.append(attributes["href"])
        if "data-value" in attributes:
            kind = attributes.get("class", tag)
            self.values.setdefault(kind, []).append(float(attributes["data-value"]))
        self._begin(tag)

    def _begin(self, tag):
        self.figures += tag == "figure"
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag in ("h1", "h2", "h3"):
            self.headings.append("")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        if "td" in self.open or "th" in self.open:
            self.tables[-1][-1][-1] += data
        elif {"h1", "h2", "h3"} & set(self.open):
            self.headings[-1] += data


def table_body(page, subject):
    """The first table under the heading that begins with `subject`."""
    heading = rf"<h\d>{re.escape(html.escape(subject))}"
    return re.search(rf"{heading}.*?<tbody>(.*?)</tbody>", page, re.DOTALL).group(1)


def table_of(page, subject):
    """Its rows: cells as text, without the badges around it."""
    rows = re.findall(r"<tr>(.*?)</tr>", table_body(page, subject), re.DOTALL)
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
            for row in rows]


def exact_values(page, subject):
    """Its unrounded numbers."""
    return [float(v) for v in re.findall(r'data-value="([^"]*)"', table_body(page, subject))]
