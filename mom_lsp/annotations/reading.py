"""From the records of one commit to what they say; the format is recognised by the text, not by the name of the ref.

Tools rename their refs, and copies of a remote's notes have other names. A record that cannot be read is a problem, and
all others are read. Machine-readable text of an unknown format says nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mom_lsp.annotations import agent_trace, entire, git_ai, whogitit
from mom_lsp.annotations.agents import merged
from mom_lsp.annotations.values import NOTHING, FormatError, Remark, Said

MAX_SIZE = 4_000_000  # bytes of a record that is read; agents' records of large commits have two million
MAX_TEXT = 20_000  # characters of a text that people read

Format = Callable[[Mapping[str, Any]], Said | None]
FORMATS: tuple[Format, ...] = (git_ai.read, whogitit.read, agent_trace.read, entire.read)

_DIVIDER = re.compile(r"(?:\A|\n)---\n(?=\s*\{)")  # between attested lines and JSON
_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"])")
_DECODER = json.JSONDecoder()


def said(records: Iterable[tuple[str, bytes]]) -> Said:
    """Return what some records say about their commit.

    Args:
        records: the path of each in a checkpoint ("" for a note), and its content.
    """
    return joined(*(_read(path, data.decode("utf-8", "replace")) for path, data in records))


def joined(*found: Said) -> Said:
    """Return all of what was said, each once."""
    remarks = dict.fromkeys(remark for one in found for remark in one.remarks)
    problems = dict.fromkeys(problem for one in found for problem in one.problems)
    return Said(tuple(remarks), merged(agent for one in found for agent in one.agents), tuple(problems))


def _read(path: str, text: str) -> Said:
    if path.endswith(entire.PROMPTS):
        return Said(tuple(Remark("prompt", prompt) for prompt in entire.prompts(text)))
    divider = _DIVIDER.search(text)
    start = divider.end() if divider else 0
    if not _JSON.match(text, start):
        return Said((Remark("note", text[:MAX_TEXT]),)) if text.strip() else NOTHING
    found = []
    try:
        for document in _documents(text[start:]):
            found.append(_of_document(document))
    except RecursionError:
        found.append(Said(problems=("JSON that is nested too deeply",)))
    except ValueError:
        found.append(Said(problems=("JSON that is broken",)))
    return joined(*found)


def _of_document(document: Any) -> Said:
    if not isinstance(document, Mapping):
        return NOTHING
    try:
        return next((said for read in FORMATS if (said := read(document)) is not None), NOTHING)
    except FormatError as error:
        return Said(problems=(str(error),))


def _documents(text: str) -> Iterator[Any]:
    """Yield the JSON documents in a text: one, or several after each other, as `git notes append` leaves them."""
    at = 0
    while at < len(text):
        while at < len(text) and text[at].isspace():
            at += 1
        if at < len(text):
            document, at = _DECODER.raw_decode(text, at)
            yield document
