"""Reads a report as a browser would: its structure, and the numbers in its tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img"}
LOADING = {"src", "href", "srcset", "action", "data", "poster"}


@dataclass
class Article:
    """One exhibit."""

    title: str = ""
    text: str = ""
    plots: list[dict[str, str]] = field(default_factory=list)  # attributes of each <svg>
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def column(self, name: str) -> dict[str, int]:
        """Return the numbers of a column, by row."""
        at = self.columns.index(name)
        return {row[0]: int(row[at].replace(",", "")) for row in self.rows}


class Page(HTMLParser):
    """A page that is well-formed: every element is closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.headings: list[tuple[str, str]] = []
        self.loaded: list[str] = []  # what attributes refer to
        self.tags: set[str] = set()
        self.tiles: dict[str, str] = {}
        self.articles: dict[str, Article] = {}
        self._article = Article()
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.loaded += [value for name, value in given.items() if name in LOADING]
        if tag == "article":
            self._article = self.articles[given["id"]] = Article()
        if tag == "svg":
            self._article.plots.append(given)
        if tag == "tr" and "tbody" in self.open:
            self._article.rows.append([])
        if tag in ("td", "th"):
            (self._article.rows[-1] if "tbody" in self.open else self._article.columns).append("")
        if tag in ("h1", "h2", "h3"):
            self.headings.append((tag, ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside in ("td", "th"):
            cells = self._article.rows[-1] if "tbody" in self.open else self._article.columns
            cells[-1] += data
        elif inside in ("dt", "dd"):
            if inside == "dt":
                self._tile = data
            else:
                self.tiles[self._tile] = data
        elif self.headings and {"h1", "h2", "h3"} & set(self.open):
            self.headings[-1] = (self.headings[-1][0], self.headings[-1][1] + data)
        elif inside == "p" and "article" in self.open:
            self._article.text += data
