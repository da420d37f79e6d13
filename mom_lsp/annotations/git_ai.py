"""The notes of git-ai (`refs/notes/ai`): https://github.com/git-ai-project/git-ai, specs/git_ai_standard_v3.0.0.md.

A note attests which lines an agent wrote; below a line `---` is a JSON object with the agents, in older notes also with
what was said to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mom_lsp.annotations.agents import agent, merged
from mom_lsp.annotations.values import FormatError, Remark, Said

_VERSION = "authorship/"
_READ = "authorship/3."


def read(record: Mapping[str, Any]) -> Said | None:
    """Return what the JSON of a note says, None if it is of another format. Raises FormatError."""
    version = record.get("schema_version")
    if not isinstance(version, str) or not version.startswith(_VERSION):
        return None
    if not version.startswith(_READ):
        raise FormatError(f"git-ai: the format {version[:40]!r} is not known")
    sessions = list(_sessions(record))
    agents = (agent(str(one.get("tool", "")), str(one.get("model", ""))) for one, _ in sessions)
    prompts = (Remark("prompt", text) for _, session in sessions for text in _asked(session))
    return Said(tuple(prompts), merged(one for one in agents if one is not None))


def _sessions(record: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield each session with its agent."""
    for name in ("prompts", "sessions"):
        sessions = record.get(name) or {}
        if not isinstance(sessions, Mapping):
            raise FormatError(f"git-ai: {name!r} is not an object")
        for one in sessions.values():
            if isinstance(one, Mapping) and isinstance(one.get("agent_id"), Mapping):
                yield one["agent_id"], one


def _asked(session: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the user wrote: after a command comes, at the same time, the text that it stands for."""
    messages, command = session.get("messages"), None
    for one in messages if isinstance(messages, list) else ():
        if isinstance(one, Mapping) and one.get("type") == "user" and isinstance(one.get("text"), str):
            if command is None or one.get("timestamp") != command:
                yield one["text"]
            command = one.get("timestamp") if one["text"].startswith("<command-") else command
