"""A memory's story as Markdown, for hovers and tooltips. What a repository says is escaped: text, never markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from lsprotocol import types

from mom_lsp.memory import kind_name
from mom_lsp.server.convert import INVISIBLE, plain, shorten
from mom_lsp.tiers.words import life

BODY_BYTES = 1024
REASON_LENGTH = 300
BAR = 16  # cells
TERM_NAMES = {"place": "place", "lex": "words", "sem": "meaning", "temp": "time", "use": "use"}
BLOCKS = {"place": "█", "lex": "▓", "sem": "▒", "temp": "░", "use": "▪"}  # as the terminal draws them
AGES = (("year", 365.25 * 86400), ("month", 30.44 * 86400), ("week", 7 * 86400), ("day", 86400), ("hour", 3600))

_MARKUP = re.compile(
    r"([\\`*_\[\]<>&~|#!@$])|(?<=\w)(:)(?=//)|(?<=www)(\.)|^([-+=])|(?<=^\d)([.)])|(?<=^\d\d)([.)])", re.I
)
_CODE = re.compile(r"((?<![`\\])`[^`\s\\](?:[^`\\]*[^`\s\\])?`(?!`))")
_FENCES = re.compile(r"`{3,}")
_OWN_LINE = re.compile(r"(?P<bullet>\s*(?:[-*+•]|\d{1,2}[.)])\s+)|[A-Z][\w-]*(?: #|: )\S")  # an item, or a trailer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a story is shown, for the links to commands below it; only for clients that say they follow such links."""

    uri: str
    line: int  # 1-based


def hover_text(suggestions: Sequence[dict[str, Any]], now: datetime, place: Place | None) -> types.MarkupContent:
    """Return the first memory's whole story, and a line for each of the others."""
    first, *others = suggestions
    parts = [story(first, now, place)]
    if others:
        parts += ["---", "\n".join(f"- {headline(other, now)}" for other in others)]
    return types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(parts))


def story(suggestion: dict[str, Any], now: datetime, place: Place | None = None) -> str:
    """Return one memory: its source, what can be done, what it says, why it is shown, the shares of its score."""
    title, body = suggestion["title"], (suggestion.get("body") or "").removeprefix(suggestion["title"])
    facts = [f"*{escape(kind_name(suggestion['kind'], suggestion['source'].get('type')))}*", *_marks(suggestion)]
    parts = [f"**{escape(title)}**  \n{' · '.join([*facts, *_source(suggestion['source'], now)])}"]
    if place is not None:
        parts.append(_commands(suggestion, place))  # above a body that may be longer than the hover
    parts += prose(body)
    if why := suggestion.get("why"):
        again = (suggestion.get("failure") or {}).get("again")
        parts.append(f"**{_reason(why)}**" if again else f"Shown because it {_reason(why)}.")
    if failure := suggestion.get("failure"):
        parts.append(escape(_failure(failure)))
    if shares := shares_bar(suggestion["score"], suggestion["terms"]):
        parts.append(shares)
    if lived := life(suggestion):
        parts.append(escape(lived))
    return "\n\n".join(parts)


def headline(suggestion: dict[str, Any], now: datetime) -> str:
    """Return one memory in one line."""
    source = suggestion["source"]
    trial = "on trial" if suggestion.get("trial") else ""
    kind = kind_name(suggestion["kind"], source.get("type"))
    facts = [kind, trial, source.get("author"), _age(source.get("time"), now)]
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


def when(time: str, now: datetime) -> str:
    """Return an ISO 8601 time relatively and absolutely: "3 years ago (2023-05-17)"."""
    try:
        then = datetime.fromisoformat(time).astimezone(UTC)
    except ValueError:
        return escape(time)
    return f"{_age(time, now)} ({then:%Y-%m-%d})"


def shares_bar(score: float, terms: dict[str, float]) -> str:
    """Return the shares of a score as a small bar, and each in words and numbers, the largest first."""
    ordered = sorted((term for term in terms if round(abs(terms[term]), 2)), key=lambda term: -abs(terms[term]))
    if not ordered:
        return ""
    gained = sum(share for share in terms.values() if share > 0) or 1.0
    cells = {term: round(BAR * max(0.0, terms.get(term, 0.0)) / gained) for term in BLOCKS}
    bar = "".join(BLOCKS[term] * count for term, count in cells.items())
    words = ", ".join(f"{TERM_NAMES.get(term, plain(term))} {terms[term]:+.2f}" for term in ordered)
    return f"{f'`{bar}` ' if bar else ''}score {score:.2f}: {words}"


def _marks(suggestion: dict[str, Any]) -> list[str]:
    status, freshness = suggestion.get("status") or "candidate", suggestion.get("freshness") or "fresh"
    marks = [word for word in (status, freshness) if word not in ("candidate", "fresh")]
    kept = ["★ pinned"] * bool(suggestion.get("pinned")) + ["on trial"] * bool(suggestion.get("trial"))
    return kept + [escape(mark.replace("_", " ")) for mark in marks]


def _source(source: dict[str, Any], now: datetime) -> list[str]:
    parts = [escape(source["author"])] if source.get("author") else []
    if source.get("time"):
        parts.append(when(source["time"], now))
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


def _commands(suggestion: dict[str, Any], place: Place) -> str:
    at = [suggestion["id"], place.uri]
    pin = ("Unpin", "mom.unpin", at) if suggestion.get("pinned") else ("Pin", "mom.pin", [*at, place.line])
    shown = [
        ("Show source", "mom.open", at),
        pin,
        ("Not useful here", "mom.dismiss", [*at, place.line]),
        ("Forget", "mom.forget", at),
    ]
    return " · ".join(f"[{title}](command:{name}?{quote(json.dumps(given), safe='')})" for title, name, given in shown)


def _age(time: str | None, now: datetime) -> str:
    try:
        seconds = (now - datetime.fromisoformat(time or "").astimezone(UTC)).total_seconds()
    except ValueError:
        return ""
    for name, length in AGES:
        if (count := int(seconds // length)) >= 1:
            return f"{count} {name}{'s' * (count > 1)} ago"
    return "just now"


def _reason(why: str) -> str:
    return escape(shorten(why, REASON_LENGTH))


def _failure(failure: dict[str, Any]) -> str:
    """Return what was tried, why it did not hold, and what came instead."""
    instead = failure.get("replaced_by") or failure["by"]
    verb = "needed a fix" if failure["kind"] == "bug_pattern" else "was taken back"
    because = f": {failure['because']}" if failure.get("because") else ""
    return f"“{shorten(failure['tried'], 100)}” {verb}{because} → {shorten(instead['title'], 100)}"
