"""The notes of whogitit (`refs/notes/whogitit`): https://github.com/dotsetlabs/whogitit.

docs/src/reference/data-formats.md describes them. A note is one JSON object: the session with its model, the prompts,
and a copy of every line with its origin.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mom_lsp.annotations.agents import agent
from mom_lsp.annotations.values import Agent, FormatError, Remark, Said

_VERSIONS = (1, 2, 3)
_TOOL = "Claude Code"  # the only agent that it records
_NO_PROMPT = "AI-assisted code change"  # its text for a prompt that it did not see


def read(record: Mapping[str, Any]) -> Said | None:
    """Return what a note says, None if it is of another format. Raises FormatError."""
    session, prompts = record.get("session"), record.get("prompts")
    if not isinstance(session, Mapping) or "session_id" not in session or not isinstance(prompts, list):
        return None
    version = record.get("version", record.get("schema_version"))
    if version not in _VERSIONS:
        raise FormatError(f"whogitit: version {str(version)[:40]} is not known")
    model = session.get("model")
    named = str(model.get("id", "")) if isinstance(model, Mapping) else ""
    texts = [one["text"] for one in prompts if isinstance(one, Mapping) and isinstance(one.get("text"), str)]
    remarks = (Remark("prompt", _plain(text)) for text in dict.fromkeys(texts) if text != _NO_PROMPT)
    return Said(tuple(remarks), (agent(_TOOL, named) or Agent(_TOOL),))


def _plain(text: str) -> str:
    """Return a prompt, which may be recorded as a JSON string, and may have been cut."""
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:].replace("\\n", "\n").replace('\\"', '"')
