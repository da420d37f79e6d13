"""What of a client's bytes is read at all: the sizes, depths, numbers and ids of messages are checked here.

What is too large is refused with an answer, as far as the message can be told to be a request; the connection stays.
"""

from __future__ import annotations

import json
import math
import re
import sys
from typing import Any

from pygls.exceptions import JsonRpcException, JsonRpcInvalidRequest, JsonRpcParseError

from mom_lsp.server.first_message import MAX_BODY

MAX_DEPTH = 64  # levels of lists and objects in a message; editors send about ten
MAX_NUMBER = 10**18  # larger numbers, and the ids of messages that are larger, mean nothing in LSP
MAX_NAME = 1_000  # characters of an id or a method
MAX_ERROR = 1_000  # characters of the text of an error: paths may be long, and what to do comes last

_DIGITS = len(str(MAX_NUMBER)) - 1
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_MEMBER = re.compile(r'\s*:\s*("(?:[^"\\]|\\.)*+"|-?\d+)', re.DOTALL)


class Refused(Exception):
    """A message that is not read; `id` is that of the request, None if it cannot be told."""

    def __init__(self, error: JsonRpcException, id: Any = None) -> None:
        super().__init__(error.message)
        self.error, self.id = error, id


def read_body(body: bytes) -> dict[str, Any]:
    """Return a message. Its numbers are finite, and at most `MAX_NUMBER`. Raises Refused."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(JsonRpcParseError("the message is not UTF-8")) from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise Refused(JsonRpcInvalidRequest(f"the message is nested deeper than {MAX_DEPTH} levels"), id_in(text))
    try:
        message = _DECODER.decode(text)
    except ValueError as error:
        raise Refused(JsonRpcParseError(f"the message is not JSON: {error}")) from None
    if not isinstance(message, dict):
        raise Refused(JsonRpcInvalidRequest("a message must be an object"))
    return message


def too_long(head: bytes) -> Refused:
    """Return the refusal of a message that is longer than `MAX_BODY`, given its beginning."""
    error = JsonRpcInvalidRequest(f"the message is larger than {MAX_BODY // 10**6} MB")
    return Refused(error, id_in(head.decode("utf-8", "replace")))


def is_id(value: Any) -> bool:
    """Return whether a value is valid as the id of a request; JSON-RPC discourages fractions, but allows them."""
    if isinstance(value, str):
        return len(value) <= MAX_NAME
    return type(value) in (int, float) and math.isfinite(value) and abs(value) < MAX_NUMBER


def is_method(value: Any) -> bool:
    """Return whether a value may be the name of a method."""
    return isinstance(value, str) and len(value) <= MAX_NAME


def sentence(text: str) -> str:
    """Return the text of an error as one line of at most `MAX_ERROR` characters."""
    line = " ".join(text[: 4 * MAX_ERROR].split())
    return line if len(line) <= MAX_ERROR else f"{line[: MAX_ERROR - 1]}…"


def id_in(text: str) -> Any:
    """Return the id of a message without reading the rest, None if it has none or is none of a request."""
    depth, found = 0, dict[str, Any]()
    for token in _TOKEN.finditer(text):
        if (sign := token[0]) in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        elif depth == 1 and sign in ('"id"', '"method"') and (value := _MEMBER.match(text, token.end())):
            found[sign] = _DECODER.decode(value[1])
    return found['"id"'] if is_id(found.get('"id"')) and '"method"' in found else None


def _depth(text: str) -> int:
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        if (sign := token[0]) in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def _integer(digits: str) -> int:
    if len(digits.removeprefix("-")) <= _DIGITS:
        return int(digits)
    return -MAX_NUMBER if digits.startswith("-") else MAX_NUMBER


def _float(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else math.copysign(sys.float_info.max, value)


# NaN and Infinity are no JSON, but some encoders write them: they count as null.
_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=lambda _: None)
