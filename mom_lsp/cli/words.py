"""Values as words: dates, counts, and text of a stranger made safe for a terminal."""

from __future__ import annotations

import json
from datetime import datetime

import click

_UNITS = (("year", 365.2425 * 86400), ("month", 30.436875 * 86400), ("week", 7 * 86400), ("day", 86400))
_SHORT_UNITS = (("hour", 3600), ("minute", 60))


def one_line(text: str) -> str:
    """Return `text`, made safe, with all white space as single spaces."""
    from mom_lsp.redact import clean  # here: --json need not wait for its patterns

    return " ".join(clean(text).split())


def ago(time: str | float | None, now: datetime) -> str:
    """Return how long ago a time (ISO 8601, or seconds since 1970) was, as one says it; "" if it is not known."""
    if not time:
        return ""
    then = datetime.fromisoformat(time).timestamp() if isinstance(time, str) else time
    seconds = now.timestamp() - then
    for unit, length in (*_UNITS, *_SHORT_UNITS):
        if seconds >= length:
            return f"{count(int(seconds / length), unit)} ago"
    return "just now"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return "1 memory", "2,000 memories"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Return a length of time with the precision that matters: "0.3 s", "12 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def echo_json(document: object) -> None:
    """Print one JSON document on stdout, in ASCII so that no locale and no odd path can break it."""
    click.echo(json.dumps(document, indent=2))
