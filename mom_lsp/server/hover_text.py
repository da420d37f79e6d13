"""The text of a hover: what is to be known of a line, in at most five lines beside the language's own hover.

Title, reason, who and when, what else there is, links. Numbers are behind "Why this?", and in `mom show`. On a line
that is not committed another one says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lsprotocol import types

from mom_lsp.server.labels import plain, shorten
from mom_lsp.server.markdown import inline, lines, linked

WIDTH = 72  # characters of a line
LINES = 5
OTHERS = 2  # further memories that are named
NEWLINE = "  \n"  # a line break within a paragraph
HASH = 9  # digits


@dataclass(frozen=True, slots=True)
class HoveredLine:
    """The line that a hover is about."""

    uri: str
    path: str  # relative to the root
    line: int  # 1-based
    commands: bool = False  # whether the client runs links to commands
    preface: str = ""  # that the memories are about the line that it replaces


def hover_text(suggestions: Sequence[dict[str, Any]], at: HoveredLine) -> types.MarkupContent:
    """Return the first memory in at most five lines, after the preface, which name or count the others."""
    first, *others = suggestions
    end = list(_end(first, others, at))
    shown = [*([f"*{at.preface}*"] if at.preface else []), *_memory(first, at, LINES - 1 - len(end)), *end]
    return types.MarkupContent(types.MarkupKind.Markdown, NEWLINE.join(shown))


def _memory(one: dict[str, Any], at: HoveredLine, most: int) -> Iterator[str]:
    """Yield title, reason, and who and when; title and reason are wrapped to `most` lines, the title to what is left.

    An editor may rewrap them.
    """
    link, text = _link(one), _reason(one)
    reason = lines(inline(text, link), WIDTH, most - 1)
    title = lines(f"**{inline(one.get('title_generated') or one['title'], link)}", WIDTH, most - len(reason))
    yield "\n".join(title) + "**"
    if text == one["phrases"]["quote"]:
        reason = _longer(text, one.get("quote_after", ()), link, most - len(title))
    if reason:
        yield "\n".join(reason)
    if facts := list(_facts(one, at)):
        yield " · ".join(facts)


def _longer(quoted: str, after: Sequence[str], link: Any, most: int) -> list[str]:
    """Return the lines of a quote, with the sentences after it that have room."""
    shown = lines(inline(quoted, link), WIDTH, most)
    for sentence in after if quoted else ():
        quoted = f"{quoted} {sentence}"
        longer = lines(inline(quoted, link), WIDTH)
        if len(longer) > most:
            break
        shown = longer
    return shown


def _reason(one: Mapping[str, Any]) -> str:
    """Return what there is to know: a warning, why the change failed, or why it was made."""
    shown, failure = one["phrases"], one.get("failure") or {}
    if failure.get("again"):
        return str(shown["relevance"])
    return str(shown["failure"] or shown["quote"])


def _facts(one: Mapping[str, Any], at: HoveredLine) -> Iterator[str]:
    """Yield who and when, the source, what it fixed, and unusual states."""
    shown, source = one["phrases"], one["source"]
    author = shown["kind"] if source["type"] == "user" else source.get("author") or ""
    if who := ", ".join(part for part in (author, shown["age"]) if part):
        yield inline(who)
    if shown["agent"]:
        yield inline(shown["agent"])
    if name := _source(source):
        yield name
    if place := _place(source, at):
        yield inline(place)
    fixed = [linked(issue["name"], issue["url"] or "") for issue in one.get("issues", ()) if issue["fixed"]]
    if fixed:
        yield f"fixes {', '.join(fixed[:OTHERS])}"
    for mark in shown["marks"]:
        yield "★ pinned" if mark == "pinned" else f"*{inline(shown['proven'] if mark == 'proven' else mark)}*"


def _source(source: Mapping[str, Any]) -> str:
    """Return the commit's short hash, or the name of the discussion, as a link to the code host if that is known."""
    commit = re.sub("[^0-9a-f]", "", source.get("commit") or "")[:HASH]
    discussion = (source.get("discussion") or {}).get("name")
    name = inline(discussion) if discussion else f"`{commit}`" if commit else ""
    url = quote(source.get("url") or "", safe=":/#")
    return linked(name, url) if url.startswith("https://") else name


def _place(source: Mapping[str, Any], at: HoveredLine) -> str:
    """Return where a memory is, "" if that is the hovered file or line."""
    path, line = source.get("path"), source.get("line") if source["type"] == "file" else None
    if not path or (path == at.path and line in (None, at.line)):
        return ""
    return f"line {line}" if path == at.path else f"{path}:{line}" if line else str(path)


def _link(one: Mapping[str, Any]) -> Any:
    """Return the function that knows the addresses of the issues that a memory names."""
    urls = {issue["name"]: issue["url"] for issue in one.get("issues", ())}
    return urls.get


def _end(one: dict[str, Any], others: Sequence[dict[str, Any]], at: HoveredLine) -> Iterator[str]:
    """Yield the last line: links to commands, or else the titles of the other memories."""
    more = f"{len(others)} more"
    if at.commands:
        here = [one["id"], at.uri, at.line]
        links = [
            *([("Show source", "mom.open", here)] if one["source"]["type"] != "user" else []),
            ("Unpin", "mom.unpin", here[:2]) if one.get("pinned") else ("Pin", "mom.pin", here),
            ("Useful", "mom.useful", here),
            ("Not useful here", "mom.dismiss", here),
            ("Forget", "mom.forget", here[:2]),
            ("Why this?", "mom.details", here),
            *([(more, "mom.memories.focus", [])] if others else []),
        ]
        yield " · ".join(linked(title, _command(name, arguments)) for title, name, arguments in links)
    elif others:
        titles = "; ".join(plain(other["title"]) for other in others[:OTHERS])
        yield inline(shorten(f"{more}: {titles}", WIDTH))


def _command(name: str, arguments: Sequence[Any]) -> str:
    return f"command:{name}" + (f"?{quote(json.dumps(arguments), safe='')}" if arguments else "")
