"""A memory's story as Markdown, for hovers and tooltips. What a repository says is escaped: text, never markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lsprotocol import types

from mom_lsp.server.labels import INVISIBLE, plain, shorten

BODY_BYTES = 1024
REASON_LENGTH = 300
BAR = 16  # cells
BLOCKS = {"place": "█", "lex": "▓", "sem": "▒", "temp": "░", "use": "▪"}  # as the terminal draws them

_MARKUP = re.compile(
    r"([\\`*_\[\]<>&~|#!@$])|(?<=\w)(:)(?=//)|(?<=www)(\.)|^([-+=])|(?<=^\d)([.)])|(?<=^\d\d)([.)])", re.I
)
_CODE = re.compile(r"((?<![`\\])`[^`\s\\](?:[^`\\]*[^`\s\\])?`(?!`))")
_FENCES = re.compile(r"`{3,}")
_OWN_LINE = re.compile(r"(?P<bullet>\s*(?:[-*+•]|\d{1,2}[.)])\s+)|[A-Z][\w-]*(?: #|: )\S")  # an item, or a trailer


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Where a story is shown, for the links to commands below it; only for clients that say they follow such links."""

    uri: str
    line: int  # 1-based


def hover_text(suggestions: Sequence[dict[str, Any]], place: LinkTarget | None) -> types.MarkupContent:
    """Return the first memory's whole story, and a line for each of the others."""
    first, *others = suggestions
    parts = [story(first, place)]
    if others:
        parts += ["---", "\n".join(f"- {headline(other)}" for other in others)]
    return types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(parts))


def story(suggestion: dict[str, Any], place: LinkTarget | None = None) -> str:
    """Return one memory: its source, what can be done, what it says, why it is shown, the shares of its score."""
    title, phrases = suggestion["title"], suggestion["phrases"]
    body = (suggestion.get("body") or "").removeprefix(title)
    facts = [f"*{escape(phrases['kind'])}*", *_marks(suggestion), *_source(suggestion)]
    parts = [f"**{escape(title)}**  \n{' · '.join(facts)}"]
    if place is not None:
        parts.append(_commands(suggestion, place))  # above a body that may be longer than the hover
    parts += prose(body)
    if why := suggestion.get("why"):
        again = (suggestion.get("failure") or {}).get("again")
        parts.append(f"**{_reason(why)}**" if again else f"Shown because it {_reason(why)}.")
    if failure := phrases["failure"]:
        parts.append(escape(shorten(failure, REASON_LENGTH)))
    if shares := shares_bar(suggestion):
        parts.append(shares)
    if life := phrases["life"]:
        parts.append(escape(life))
    return "\n\n".join(parts)


def unscored(suggestion: dict[str, Any]) -> dict[str, Any]:
    """Return a suggestion without its score: that of a hint answers another question than a hover's."""
    return suggestion | {"terms": {}, "phrases": suggestion["phrases"] | {"shares": {}}}


def headline(suggestion: dict[str, Any]) -> str:
    """Return one memory in one line."""
    source, phrases = suggestion["source"], suggestion["phrases"]
    facts = [phrases["kind"], *phrases["marks"], source.get("author"), phrases["age"]]
    parts = [f"**{escape(suggestion['title'])}**", *(escape(fact) for fact in facts if fact), *_commit(source)]
    return " · ".join(parts)


def escape(text: str) -> str:
    """Return text as inline Markdown that shows it as it is: no markup, no HTML, no link, no mail address."""
    return _MARKUP.sub(lambda match: "\\" + match[0], plain(text))


def fenced(text: str) -> str:
    """Return text as a code block that nothing in it can end."""
    fence = "`" * max([3, *(len(run) + 1 for run in _FENCES.findall(text))])
    return f"{fence}text\n{text}\n{fence}"


def body_text(text: str) -> str:
    """Return a body of several lines without what cannot be seen, at most 1 kB."""
    clean = "\n".join(INVISIBLE.sub("", line).rstrip() for line in text.replace("\t", "    ").splitlines()).strip("\n")
    data = clean.encode("utf-8", "replace")
    return clean if len(data) <= BODY_BYTES else data[:BODY_BYTES].decode("utf-8", "ignore").rstrip() + "…"


def prose(text: str) -> list[str]:
    """Return a message as paragraphs: hard-wrapped lines flow, lists stay lists, what is indented stays as it is."""
    blocks = re.split(r"\n\s*\n", body_text(text))
    return [_block(block.split("\n")) for block in blocks if block.strip()]


def _block(lines: Sequence[str]) -> str:
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return fenced("\n".join(lines[1:-1]))
    if all(line.startswith("  ") for line in lines) and not _OWN_LINE.match(lines[0]):
        return fenced("\n".join(lines))
    return "\n".join(_flowing(lines))


def _flowing(lines: Sequence[str]) -> Iterator[str]:
    """Yield the Markdown lines of a block; one that does not start something belongs to the line before."""
    whole: list[tuple[bool, str]] = []
    for line in lines:
        start = _OWN_LINE.match(line)
        if start or not whole:
            item = bool(start and start["bullet"])
            whole.append((item, line[len(start["bullet"]) :] if start and item else line))
        else:
            whole[-1] = whole[-1][0], f"{whole[-1][1]} {line.strip()}"
    for number, (item, line) in enumerate(whole, 1):
        yield f"- {_inline(line)}" if item else _inline(line) + ("  " if number < len(whole) else "")


def _inline(text: str) -> str:
    """Return text escaped, but for what stands between single backticks: that is code, in which nothing is active."""
    parts = _CODE.split(plain(text))
    return "".join(part if _CODE.fullmatch(part) else _MARKUP.sub(r"\\\g<0>", part) for part in parts)


def shares_bar(suggestion: dict[str, Any]) -> str:
    """Return the shares of a score as a small bar, and each in words and numbers, the largest first."""
    shares, terms = suggestion["phrases"]["shares"], suggestion["terms"]
    if not shares:
        return ""
    gained = sum(share for share in terms.values() if share > 0) or 1.0
    cells = {term: round(BAR * max(0.0, terms.get(term, 0.0)) / gained) for term in BLOCKS}
    bar = "".join(BLOCKS[term] * count for term, count in cells.items())
    return f"{f'`{bar}` ' if bar else ''}score {suggestion['score']:.2f}: {', '.join(shares.values())}"


def _marks(suggestion: dict[str, Any]) -> list[str]:
    return [escape("★ pinned" if mark == "pinned" else mark) for mark in suggestion["phrases"]["marks"]]


def _source(suggestion: dict[str, Any]) -> list[str]:
    source, age = suggestion["source"], suggestion["phrases"]["age"]
    parts = [escape(source["author"])] if source.get("author") else []
    if age:
        parts.append(f"{age} ({escape(source['time'][:10])})")
    parts += _commit(source)
    if source.get("path"):
        parts.append(escape(f"{source['path']}:{source['line']}" if source.get("line") else source["path"]))
    return parts


def _commit(source: dict[str, Any]) -> list[str]:
    """Return the commit's short hash, with a link to the forge if that is known."""
    commit = re.sub("[^0-9a-f]", "", source.get("commit") or "")[:9]
    url = quote(source.get("url") or "", safe=":/")
    if not commit:
        return []
    return [f"[`{commit}`]({url})" if url.startswith("https://") else f"`{commit}`"]


def _commands(suggestion: dict[str, Any], place: LinkTarget) -> str:
    at = [suggestion["id"], place.uri]
    pin = ("Unpin", "mom.unpin", at) if suggestion.get("pinned") else ("Pin", "mom.pin", [*at, place.line])
    shown = [
        ("Show source", "mom.open", at),
        pin,
        ("Not useful here", "mom.dismiss", [*at, place.line]),
        ("Forget", "mom.forget", at),
    ]
    return " · ".join(f"[{title}](command:{name}?{quote(json.dumps(given), safe='')})" for title, name, given in shown)


def _reason(why: str) -> str:
    return escape(shorten(why, REASON_LENGTH))
