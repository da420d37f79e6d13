"""From the engine's suggestions to what LSP shows. What a repository says is escaped: text, never markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lsprotocol import types

LABEL_LENGTH = 40  # characters; VS Code shows 43 a line over all hints
BODY_BYTES = 1024
TERM_NAMES = {"place": "place", "lex": "words", "sem": "meaning", "temp": "time", "use": "use"}
AGES = (("year", 365.25 * 86400), ("month", 30.44 * 86400), ("week", 7 * 86400), ("day", 86400), ("hour", 3600))

_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_MARKUP = re.compile(r"([\\`*_\[\]<>&~|#!@$])|(?<=\w)(:)(?=//)|(?<=www)(\.)", re.IGNORECASE)
_FENCES = re.compile(r"`{3,}")


def plain(text: str) -> str:
    """Return text on one line, without what cannot be seen."""
    return " ".join(_INVISIBLE.sub("", text).split())


def escape(text: str) -> str:
    """Return text as inline Markdown that shows it as it is: no markup, no HTML, no link, no mail address."""
    return _MARKUP.sub(lambda match: "\\" + match[0], plain(text))


def shorten(text: str, length: int) -> str:
    """Cut text to `length` characters, with an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def fenced(text: str) -> str:
    """Return text as a code block that nothing in it can end."""
    fence = "`" * max([3, *(len(run) + 1 for run in _FENCES.findall(text))])
    return f"{fence}text\n{text}\n{fence}"


def body_text(text: str) -> str:
    """Return a body of several lines without what cannot be seen, at most 1 kB."""
    clean = "\n".join(_INVISIBLE.sub("", line).rstrip() for line in text.replace("\t", "    ").splitlines()).strip()
    data = clean.encode("utf-8", "replace")
    return clean if len(data) <= BODY_BYTES else data[:BODY_BYTES].decode("utf-8", "ignore").rstrip() + "…"


def lsp_label(suggestion: dict[str, Any]) -> str:
    """Return a hint's text."""
    return shorten(f"← {plain(suggestion['title'])}", LABEL_LENGTH)


def lsp_hint(position: types.Position, suggestion: dict[str, Any], data: Any) -> types.InlayHint:
    """Return a hint whose tooltip `inlayHint/resolve` fills in."""
    return types.InlayHint(position=position, label=lsp_label(suggestion), padding_left=True, data=data)


def lsp_markup(suggestions: Sequence[dict[str, Any]], now: datetime) -> types.MarkupContent:
    """Return suggestions as Markdown."""
    text = "\n\n---\n\n".join(markdown(suggestion, now) for suggestion in suggestions)
    return types.MarkupContent(types.MarkupKind.Markdown, text)


def markdown(suggestion: dict[str, Any], now: datetime) -> str:
    """Return one suggestion as Markdown: what it says, why it is shown, its source and its score's shares."""
    kind = escape(suggestion["kind"].replace("_", " "))
    marks = [mark for mark in (_pin(suggestion), _status(suggestion)) if mark]
    parts = [f"**{escape(suggestion['title'])}**  \n{' · '.join([f'*{kind}*', *marks])}"]
    if body := body_text(suggestion.get("body") or ""):
        parts.append(fenced(body))
    if why := suggestion.get("why"):
        parts.append(f"Shown because it {escape(shorten(why, 300))}")
    parts.append(" · ".join(_source(suggestion["source"], now)))
    parts.append(fenced(terms_bar(suggestion["score"], suggestion["terms"])))
    return "\n\n".join(parts)


def _pin(suggestion: dict[str, Any]) -> str:
    return "📌 pinned" if suggestion.get("pinned") else ""


def _status(suggestion: dict[str, Any]) -> str:
    status, freshness = suggestion.get("status") or "candidate", suggestion.get("freshness") or "fresh"
    return " · ".join(
        escape(word.replace("_", " ")) for word in (status, freshness) if word not in ("candidate", "fresh")
    )


def _source(source: dict[str, Any], now: datetime) -> list[str]:
    parts = [escape(source[key]) for key in ("author",) if source.get(key)]
    if source.get("time"):
        parts.append(when(source["time"], now))
    if source.get("commit"):
        parts.append(f"`{re.sub('[^0-9a-f]', '', source['commit'])[:9]}`")
    if source.get("path"):
        parts.append(escape(f"{source['path']}:{source['line']}" if source.get("line") else source["path"]))
    return parts


def when(time: str, now: datetime) -> str:
    """Return an ISO 8601 time relatively and absolutely: "3 years ago (2023-05-17)"."""
    try:
        then = datetime.fromisoformat(time).astimezone(UTC)
    except ValueError:
        return escape(time)
    seconds = (now - then).total_seconds()
    for name, length in AGES:
        if (count := int(seconds // length)) >= 1:
            return f"{count} {name}{'s' * (count > 1)} ago ({then:%Y-%m-%d})"
    return f"just now ({then:%Y-%m-%d})"


def terms_bar(score: float, terms: dict[str, float]) -> str:
    """Return a score and its shares as text, the largest first."""
    rows = [f"score   {score:+.2f}"]
    for term, share in sorted(terms.items(), key=lambda item: -abs(item[1])):
        if round(abs(share), 2):
            bar = "█" * max(1, min(20, round(abs(share) * 20)))
            rows.append(f"{TERM_NAMES.get(term, plain(term)):<8}{share:+.2f} {bar}")
    return "\n".join(rows)
