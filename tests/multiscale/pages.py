"""What every report must be, whatever made it; without a browser."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

_NUMBER = re.compile(r"(?<![\w.#/-])[-−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w/-])")
_TEXTS = ("td", "th", "dd", "dt", "li", "h1", "h2", "h3", "figcaption")


class Page(HTMLParser):
    """The cells of a page, its links, and the styles that are written at elements."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.cells: list[tuple[str, str]] = []
        self.styles: list[str] = []
        self.viewport = False
        self._open: list[list[str]] = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "a":
            self.links.append(given["href"])
        if tag == "meta" and given.get("name") == "viewport":
            self.viewport = "width=device-width" in given["content"]
        if "style" in given:
            self.styles.append(given["style"])
        if tag in _TEXTS:
            self._open.append([tag, ""])

    def handle_data(self, data):
        for one in self._open:
            one[1] += data

    def handle_endtag(self, tag):
        if tag in _TEXTS:
            kind, text = self._open.pop()
            self.cells.append((kind, text.strip()))


def page_faults(path: Path) -> list[str]:
    """What is wrong with a report: broken links, empty cells, long numbers, fixed widths, no viewport."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    found = [f"leads nowhere: {link}" for link in page.links if not (path.parent / unquote(link)).is_file()]
    found += [f"empty <{kind}>" for kind, text in page.cells if not text]
    for kind, text in page.cells:
        if kind in ("td", "dd"):
            for number in _NUMBER.findall(text):
                digits = re.sub(r"[eE].*|\D", "", number).lstrip("0")
                if len(digits) > 6:
                    found.append(f"long number: {text[:60]}")
    found += [f"wide: {style}" for style in page.styles if re.search(r"width:\s*(\d{3,}px|1[0-9]{2}%)", style)]
    return found if page.viewport else [*found, "no viewport"]
