"""A discussion as compressed bytes, as the archive keeps it."""

from __future__ import annotations

import json
import zlib
from dataclasses import fields
from typing import Any, TypeVar

from mom_lsp.discussions.values import Comment, Discussion, ReviewThread

LEVEL = 6  # of zlib
LARGEST = 256 << 20  # bytes of a discussion: an archive may have come with an unpacked repository
_CHECKED = {"str": str, "int": int, "bool": bool, "tuple[str, ...]": str, "tuple[int, ...]": int}
_LAYOUTS: dict[type, tuple[tuple[str, Any, str], ...]] = {
    kind: tuple((field.name, field.default, str(field.type)) for field in fields(kind))
    for kind in (Comment, ReviewThread, Discussion)
}  # the names, defaults and declared types of the fields of each value type

T = TypeVar("T")


def to_bytes(discussion: Discussion) -> bytes:
    """Return a discussion as bytes, the same for equal ones."""
    return zlib.compress(to_json(discussion), LEVEL)


def to_json(discussion: Discussion) -> bytes:
    """Return a discussion as JSON without the fields that have their defaults."""
    return json.dumps(_plain(discussion), separators=(",", ":")).encode("ascii")


def from_bytes(content: bytes) -> Discussion:
    """Return the discussion in bytes. Raises ValueError if they are damaged."""
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(content, LARGEST)
        if not unpacker.eof:
            raise ValueError("not a discussion: it is cut off, or too large")
        return from_json(text)
    except zlib.error as error:
        raise ValueError(f"not a discussion: {error}") from error


def from_json(text: bytes) -> Discussion:
    """Return the discussion in JSON. Raises ValueError if it is damaged."""
    try:
        values = json.loads(text)
        threads = values.pop("threads", ())
        return _made(
            Discussion,
            values | {"comments": _comments(values), "threads": tuple(_thread(thread) for thread in threads)},
        )
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a discussion: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if type(value) in _LAYOUTS:
        given = ((name, getattr(value, name), default) for name, default, _ in _LAYOUTS[type(value)])
        return {name: _plain(found) for name, found, default in given if found != default}
    return value


def _thread(values: dict[str, Any]) -> ReviewThread:
    return _made(ReviewThread, values | {"comments": _comments(values)})


def _comments(values: dict[str, Any]) -> tuple[Comment, ...]:
    return tuple(_made(Comment, comment) for comment in values.get("comments", ()))


def _made(type_: type[T], values: dict[str, Any]) -> T:
    """Return a value; what a newer version of mom may have added is left out. Raises TypeError for a wrong type."""
    given = {}
    for name, _, declared in _LAYOUTS[type_]:
        if name in values:
            value = values[name]
            given[name] = tuple(value) if isinstance(value, list) else value
            _check(declared, given[name])
    return type_(**given)


def _check(declared: str, value: Any) -> None:
    """Raise TypeError if a value is not of the simple type that its field was declared with."""
    wanted = _CHECKED.get(declared)
    if wanted is None or type(value) is wanted:
        return
    if not (declared.startswith("tuple") and type(value) is tuple and all(type(one) is wanted for one in value)):
        raise TypeError(f"{declared} was expected")
