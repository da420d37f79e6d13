"""The answer to why a line is so, as a Markdown document with a link to the source of each memory that it cites."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mom_lsp.server.labels import plain
from mom_lsp.server.markdown import begun, fenced, inline, lines, linked

WIDTH = 76  # characters of a line: with a border, it fits into 80 columns
HASH = 9  # digits, as in the name of a source document


def why_page(path: str, line: int, code: str, answer: dict[str, Any]) -> str:
    """Return the document about a line (1-based) with its code, and with that of the line it replaces."""
    parts = [
        f"# Why is line {line} of {inline(path)} the way it is?",
        _code(code, answer["replaces"]),
        "\n".join(lines(inline(answer["answer"], _issues(answer)), WIDTH)),
        "\n".join(f"{number}. {_citation(one)}" for number, one in enumerate(answer["citations"], 1)),
        f"*{inline(answer['origin'])}*" if answer["citations"] else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def source_links(answer: dict[str, Any]) -> dict[str, str]:
    """Return the document that each cited commit is linked to, by the id of its memory."""
    return {one["id"]: f"{commit}.diff" for one in answer["citations"] if (commit := _hash(one))}


def _code(code: str, replaced: dict[str, Any] | None) -> str:
    if replaced and not replaced["reformatted"]:
        return fenced(f"- {replaced['text'].strip()}\n+ {code}", "diff")
    return fenced(code) if code else ""


def _hash(one: dict[str, Any]) -> str:
    return re.sub("[^0-9a-f]", "", one["source"].get("commit") or "")[:HASH]


def _issues(answer: dict[str, Any]) -> Any:
    return {issue["name"]: issue["url"] for one in answer["citations"] for issue in one["issues"]}.get


def _citation(one: dict[str, Any]) -> str:
    return begun(" · ".join([f"**{inline(plain(one['title']))}**", *_facts(one)]))


def _facts(one: dict[str, Any]) -> Iterator[str]:
    source, shown = one["source"], one["phrases"]
    if who := ", ".join(part for part in (source.get("author"), shown["age"]) if part):
        yield inline(who)
    if commit := _hash(one):
        yield linked(commit, f"{commit}.diff")
    url = source.get("url") or ""
    if discussion := (source.get("discussion") or {}).get("name"):
        yield linked(inline(discussion), url)
    elif url.startswith("https://"):
        yield linked("on the code host", url)
    for issue in one["issues"]:
        yield ("fixes " if issue["fixed"] else "") + linked(issue["name"], issue["url"] or "")
