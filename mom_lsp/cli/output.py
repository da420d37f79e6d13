"""Printing memories with rich.

Text from a repository is never parsed as markup, and control characters never reach the terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.style import Style
from rich.text import Text

from mom_lsp.cli.console import coloured, stdout
from mom_lsp.cli.text import one_line
from mom_lsp.phrases import ID_LENGTH, PLAIN_CHANGE
from mom_lsp.redact import clean

KIND_COLOURS = {
    "decision": "blue",
    "fix": "green",
    "bug_pattern": "red",
    "anti_pattern": "red",
    "failed_approach": "red",
    "workaround": "yellow",
    "optimisation": "cyan",
    "convention": "blue",
    "known_issue": "yellow",
    "note": "magenta",
}
TERM_STYLES = {
    "place": ("green", "█"),
    "lex": ("blue", "▓"),
    "sem": ("cyan", "▒"),
    "temp": ("yellow", "░"),
    "use": ("magenta", "▪"),
}  # colour and block of each term; the blocks differ for terminals without colours
BAR = 16  # cells
INDENT = 2


@dataclass(frozen=True, slots=True)
class LinkRoot:
    """The base of the links to files."""

    root: Path
    path: str | None = None  # of the file asked about


def print_suggestions(suggestions: Sequence[dict[str, Any]], view: LinkRoot, *, explain: bool = False) -> None:
    """Print memories separated by blank lines; with `explain`, also their domains and the terms of their scores."""
    console = stdout()
    rows: list[RenderableType] = []
    for suggestion in suggestions:
        details = detail_lines(suggestion, view, explain=explain)
        rows += [Text()] if rows else []
        rows += [title_line(suggestion), *(_indented(row, console) for row in details)]
    console.print(Group(*rows))  # in one call: each print costs half a millisecond


def print_answer(answer: dict[str, Any], view: LinkRoot, *, explain: bool = False) -> None:
    """Print an answer and the numbered memories that it cites; with `explain`, also the terms of their scores."""
    text = Text(one_line(answer["answer"]))
    text.highlight_regex(r"\[\d+\]", "bold cyan" if coloured() else "")
    rows: list[RenderableType] = [text]
    if (replaced := answer["replaces"]) and not replaced["reformatted"]:
        rows.append(_indented(Text(f"- {one_line(replaced['text'])}", "red" if coloured() else ""), stdout()))
    if answer["generated"]:
        rows.append(Text(answer["origin"], "dim"))
    for number, memory in enumerate(answer["citations"], 1):
        mark = Text(f"[{number}] ", "bold cyan")
        rows += [Text(), Text.assemble(mark, title_line(memory))]
        details = [source_line(memory, view), *_score_lines(memory, explain=explain)]
        rows += [_indented(row, stdout()) for row in details]
    stdout().print(Group(*rows))


def detail_lines(suggestion: dict[str, Any], view: LinkRoot, *, explain: bool = False) -> list[Text]:
    """Return the lines below a memory's title: source, quote, failure, relevance and id; explained if asked."""
    rows = [source_line(suggestion, view)]
    if quote := suggestion["phrases"]["quote"]:
        rows.append(Text(one_line(quote), "dim"))
    if failure := suggestion["phrases"]["failure"]:
        rows.append(Text(one_line(failure), "red"))
    if explain and (domain := suggestion["phrases"]["domain"]):
        rows.append(Text(one_line(domain), "dim"))
    return [*rows, *_score_lines(suggestion, explain=explain)]


def title_line(suggestion: dict[str, Any]) -> Text:
    """Return the kind as a tag unless it is a plain change or the title begins with it, the title, and labels."""
    kind, name = str(suggestion["kind"]), suggestion["phrases"]["kind"]
    style = f"{KIND_COLOURS.get(kind, 'white')} reverse" if coloured() else ""
    tag = (
        [(name, style), "  " if coloured() else ": "]
        if name != PLAIN_CHANGE and not _begins_with(suggestion["title"], name)
        else []
    )
    line = Text.assemble(*tag, (one_line(suggestion["title"]), "bold"))
    if suggestion.get("title_generated"):
        line.append(f"  ≈ {one_line(suggestion['title_generated'])}", "italic")  # written by a model
    for mark in suggestion["phrases"]["marks"]:
        line.append(f"  [{mark}]", "yellow")
    return line


def _begins_with(title: str, kind: str) -> bool:
    """Whether a title begins with the word for a kind: "Fix the parser", "Work around …"."""
    return "".join(title.lower().split()[:2]).startswith(kind.replace(" ", ""))


def source_line(suggestion: dict[str, Any], view: LinkRoot) -> Text:
    """Return age, author, commit or discussion, and file, with links."""
    source = suggestion["source"]
    parts = [
        Text(suggestion["phrases"]["age"]),
        Text(one_line(source.get("author") or "")),
        Text(one_line(suggestion["phrases"]["agent"])),
        _commit(source),
        _place(suggestion, view),
    ]
    return Text.assemble((" · ", "dim")).join(part for part in parts if part.plain)


def shares(terms: dict[str, float], phrases: dict[str, str]) -> Text:
    """Return a bar of the positive terms of a score, then the phrase of each term's signed share."""
    bar = Text()
    positive = [(name, terms[name]) for name in TERM_STYLES if terms.get(name, 0.0) > 0]
    total = sum(share for _, share in positive)
    drawn, reached = 0, 0.0
    for name, share in positive:
        colour, block = TERM_STYLES[name]
        reached += share
        cells = round(BAR * reached / total) - drawn
        bar.append(block * cells, colour)
        drawn += cells
    for name, phrase in phrases.items():
        bar.append("  " if bar.plain else "")
        bar.append(phrase, TERM_STYLES[name][0])
    return bar


def identity(memory_id: str) -> Text:
    """Return the start of an id, which other commands accept."""
    return Text(one_line(memory_id)[:ID_LENGTH], "dim")


def _indented(row: Text, console: Console) -> RenderableType:
    """Return a row that keeps its indent when it wraps; in a pipe, which does not wrap, without trailing spaces."""
    if console.is_terminal:
        return Padding(row, (0, 0, 0, INDENT), expand=False)
    return Text.assemble(" " * INDENT, row)


def _score_lines(suggestion: dict[str, Any], *, explain: bool) -> list[Text]:
    """Return the relevance with the memory's id, and the terms of the score if `explain` is set."""
    relevance = Text(one_line(suggestion["phrases"]["relevance"]), "italic")
    terms = shares(suggestion["terms"], suggestion["phrases"]["shares"])
    first = Text("  ").join([*([relevance] if relevance.plain else []), identity(suggestion["id"])])
    return [first, *([terms] if explain and terms.plain else [])]


def _commit(source: dict[str, Any]) -> Text:
    """Return the name of the discussion, or the short hash, with a link to the code host if it is known."""
    discussion = source.get("discussion") or {}
    name = discussion.get("name") or (source.get("commit") or "")[:10]
    url = str(source.get("url") or "")
    safe = url.startswith(("https://", "http://"))
    return Text(one_line(name), Style(color="yellow", link=clean(url) if safe else None))


def _place(suggestion: dict[str, Any], view: LinkRoot) -> Text:
    """Return the place of a memory: its line in the file asked about, else where it was read from."""
    source, lines = suggestion["source"], suggestion.get("lines") or ()
    path, line = source.get("path"), source.get("line")
    if lines and view.path is not None:
        path, line = view.path, min(lines)
    if not path:
        return Text()
    inside = not Path(path).is_absolute() and ".." not in Path(path).parts and not suggestion.get("repository")
    link = clean((view.root / path).as_uri()) + (f"#{line}" if line else "") if inside else None
    return Text(one_line(path) + (f":{line}" if line else ""), Style(link=link))
