"""Values from JSON that may be anything: each function returns a value of its type, or the type's empty one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mom_lsp.redact import clean

LONGEST = 1_000_000  # characters of a text; GitLab's own limit
LARGEST = 10**12  # of a number that can be one of a discussion; ids are larger
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DIGITS = re.compile(r"[0-9]{1,19}")


def text(value: Mapping[str, Any], name: str) -> str:
    """Return a text whose lines end as on Unix."""
    found = value.get(name)
    return found[:LONGEST].replace("\r\n", "\n") if isinstance(found, str) else ""


def word(value: Mapping[str, Any], name: str) -> str:
    """Return a text of one line without control characters, such as a name or a path."""
    return " ".join(clean(text(value, name)).split())[:1000]


def integer(value: Mapping[str, Any], name: str) -> int:
    """Return an integer that is not negative, also from a string of digits."""
    found = value.get(name)
    if isinstance(found, str) and _DIGITS.fullmatch(found):
        found = int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


def number(value: Mapping[str, Any], name: str) -> int:
    """Return the number of a discussion, 0 if it cannot be one."""
    found = integer(value, name)
    return found if found < LARGEST else 0


def seconds(value: Mapping[str, Any], *names: str) -> int:
    """Return the first time in ISO 8601 that there is, in seconds since 1970."""
    for name in names:
        found = value.get(name)
        if isinstance(found, str):
            try:
                time = datetime.fromisoformat(found[:40])
                return max(0, int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()))
            except (ValueError, OverflowError):
                continue
    return 0


def sha(value: Mapping[str, Any], name: str) -> str:
    """Return the full hash of a commit."""
    found = value.get(name)
    return found if isinstance(found, str) and _SHA.fullmatch(found) else ""


def mapping(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def mappings(value: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of an array, or of the pages in it."""
    found = value.get(name)
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict):
            yield one
        elif isinstance(one, list):
            yield from (inner for inner in one if isinstance(inner, dict))


def names(value: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the names in an array of words, or of objects with a "name"."""
    found = value.get(name)
    listed = [one if isinstance(one, dict) else {"name": one} for one in found] if isinstance(found, list) else []
    return tuple(dict.fromkeys(found for one in listed if (found := word(one, "name"))))
