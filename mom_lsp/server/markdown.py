"""Memories as Markdown, for hovers and tooltips. Text from the repository is escaped, so it is never markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lsprotocol import types

from mom_lsp import phrases
from mom_lsp.server.labels import INVISIBLE, plain, shorten

BODY_BYTES = 1024
PHRASE_LENGTH = 300  # characters

_MARKUP = re.compile(
    r"([\\`*_\[\]<>&~|#!@$])|(?<=\w)(:)(?=//)|(?<=www)(\.)|^([-+=])|(?<=^\d)([.)])|(?<=^\d\d)([.)])", re.I
)
_CODE = re.compile(r"((?<![`\\])`[^`\s\\](?:[^`\\]*[^`\s\\])?`(?!`))")
_FENCES = re.compile(r"`{3,}")
_LINE_START = re.compile(r"(?P<bullet>\s*(?:[-*+•]|\d{1,2}[.)])\s+)|[A-Z][\w-]*(?: #|: )\S")  # an item, or a trailer


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """The line that a hover's links to commands refer to; only for clients that support such links."""

    uri: str
    line: int  # 1-based


def hover_text(suggestions: Sequence[dict[str, Any]], target: LinkTarget | None) -> types.MarkupContent:
    """Return the first memory in full, and a line for each of the others."""
    first, *others = suggestions
    parts = [in_full(first, target)]
    if others:
        parts += ["---", "\n".join(f"- {headline(other)}" for other in others)]
    return types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(parts))


def in_full(suggestion: dict[str, Any], target: LinkTarget | None = None) -> str:
    """Return one memory: title, source, quote, relevance, links to commands, the rest of the body, and failure."""
    title, shown = suggestion["title"], suggestion["phrases"]
    quote, body = suggestion["quote"], (suggestion.get("body") or "").removeprefix(title)
    facts = [f"*{escape(shown['kind'])}*", *_marks(suggestion), *_source(suggestion)]
    parts = [f"**{escape(title)}**  \n{' · '.join(facts)}"]
    if quote:
        parts.append(f"> {_inline(quote)}")
    if relevance := _inline(shorten(shown["relevance"], PHRASE_LENGTH)):
        is_warning = (suggestion.get("failure") or {}).get("again")
        parts.append(f"**{relevance}**" if is_warning else relevance)
    if target is not None:
        parts.append(_links(suggestion, target))  # above the body, which may be longer than the hover
    parts += prose(_without(quote, body))
    if failure := shown["failure"]:
        parts.append(escape(shorten(failure, PHRASE_LENGTH)))
    return "\n\n".join(parts)


def unscored(suggestion: dict[str, Any]) -> dict[str, Any]:
    """Return a suggestion without its probability: a hint's differs from the one that a hover of its line shows."""
    return phrases.with_reason_alone(suggestion) | {"chance": None, "usefulness": None}


def headline(suggestion: dict[str, Any]) -> str:
    """Return one memory in one line."""
    source, shown = suggestion["source"], suggestion["phrases"]
    facts = [shown["kind"], *shown["marks"], shown["age"], source.get("author")]
    parts = [f"**{escape(suggestion['title'])}**", *(escape(fact) for fact in facts if fact), *_commit(source)]
    return " · ".join(parts)


def escape(text: str) -> str:
    """Return text as inline Markdown that renders literally: no markup, HTML, links or mail addresses."""
    return _MARKUP.sub(lambda match: "\\" + match[0], plain(text))


def fenced(text: str) -> str:
    """Return text as a code block, with a fence that the text cannot close."""
    fence = "`" * max([3, *(len(run) + 1 for run in _FENCES.findall(text))])
    return f"{fence}text\n{text}\n{fence}"


def _without(quote: str, body: str) -> str:
    """Return a body without its quote, if that is its beginning or a paragraph of its own; else it is needed there."""
    words = r"\s+".join(re.escape(word) for word in quote.split())
    found = re.search(rf"[ \t]*(?:[-*•+][ \t]+)?{words}", body) if words else None
    if found is None:
        return body
    before, after = body[: found.start()], body[found.end() :]
    alone = before.endswith("\n\n") and (not after.strip() or after.startswith("\n\n"))
    return before.rstrip() + "\n\n" + after.lstrip() if alone or not before.strip() else body


def body_text(text: str) -> str:
    """Return a body of several lines without invisible characters, cut to 1 kB."""
    clean = "\n".join(INVISIBLE.sub("", line).rstrip() for line in text.replace("\t", "    ").splitlines()).strip("\n")
    data = clean.encode("utf-8", "replace")
    return clean if len(data) <= BODY_BYTES else data[:BODY_BYTES].decode("utf-8", "ignore").rstrip() + "…"


def prose(text: str) -> list[str]:
    """Return a message as paragraphs: hard-wrapped lines are joined, lists stay lists, indented blocks become code."""
    blocks = re.split(r"\n\s*\n", body_text(text))
    return [_block(block.split("\n")) for block in blocks if block.strip()]


def _block(lines: Sequence[str]) -> str:
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return fenced("\n".join(lines[1:-1]))
    if all(line.startswith("  ") for line in lines) and not _LINE_START.match(lines[0]):
        return fenced("\n".join(lines))
    return "\n".join(_unwrapped(lines))


def _unwrapped(lines: Sequence[str]) -> Iterator[str]:
    """Yield the Markdown lines of a block, joining each line to the one before unless it is an item or a trailer."""
    joined: list[tuple[bool, str]] = []
    for line in lines:
        start = _LINE_START.match(line)
        if start or not joined:
            item = bool(start and start["bullet"])
            joined.append((item, line[len(start["bullet"]) :] if start and item else line))
        else:
            joined[-1] = joined[-1][0], f"{joined[-1][1]} {line.strip()}"
    for number, (item, line) in enumerate(joined, 1):
        yield f"- {_inline(line)}" if item else _inline(line) + ("  " if number < len(joined) else "")


def _inline(text: str) -> str:
    """Return text escaped, except code between single backticks, in which nothing is active."""
    parts = _CODE.split(plain(text))
    return "".join(part if _CODE.fullmatch(part) else _MARKUP.sub(r"\\\g<0>", part) for part in parts)


def _marks(suggestion: dict[str, Any]) -> list[str]:
    return [escape("★ pinned" if mark == "pinned" else mark) for mark in suggestion["phrases"]["marks"]]


def _source(suggestion: dict[str, Any]) -> list[str]:
    source, age = suggestion["source"], suggestion["phrases"]["age"]
    parts = [f"{age} ({escape(source['time'][:10])})"] if age else []
    if source.get("author"):
        parts.append(escape(source["author"]))
    parts += _commit(source)
    if source.get("path"):
        parts.append(escape(f"{source['path']}:{source['line']}" if source.get("line") else source["path"]))
    return parts


def _commit(source: dict[str, Any]) -> list[str]:
    """Return the commit's short hash, as a link to the forge if it is known."""
    commit = re.sub("[^0-9a-f]", "", source.get("commit") or "")[:9]
    url = quote(source.get("url") or "", safe=":/")
    if not commit:
        return []
    return [f"[`{commit}`]({url})" if url.startswith("https://") else f"`{commit}`"]


def _links(suggestion: dict[str, Any], target: LinkTarget) -> str:
    at = [suggestion["id"], target.uri]
    here = [*at, target.line]
    links = [
        ("Why this?", "mom.details", here),
        ("Show source", "mom.open", at),
        ("Unpin", "mom.unpin", at) if suggestion.get("pinned") else ("Pin", "mom.pin", here),
        ("Dismiss here", "mom.dismiss", here),
        ("Forget", "mom.forget", at),
    ]
    return " · ".join(f"[{title}](command:{name}?{quote(json.dumps(args), safe='')})" for title, name, args in links)
