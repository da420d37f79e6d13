"""Records of Agent Trace (https://github.com/cursor/agent-trace, version 0.1.0), as git notes or in a committed file.

They name the tool and the model that wrote some lines, and no prompt. The specification leaves open where they are
kept; its reference implementation appends them to `.agent-trace/traces.jsonl`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mom_lsp.annotations.agents import agent, merged
from mom_lsp.annotations.values import FormatError, Said

if TYPE_CHECKING:
    from mom_lsp.git import Commit

FILE = ".agent-trace/traces.jsonl"

_BY_AGENT = ("ai", "mixed")


def read(record: Mapping[str, Any]) -> Said | None:
    """Return what a record says, None if it is of another format. Raises FormatError."""
    files = record.get("files")
    if not isinstance(files, list) or not {"version", "id", "timestamp"} <= record.keys():
        return None
    version = str(record["version"])
    if not version.startswith(("0.", "1.")):
        raise FormatError(f"Agent Trace: version {version[:40]} is not known")
    tool = record.get("tool")
    name = str(tool.get("name", "")) if isinstance(tool, Mapping) else ""
    found = (agent(name or "an agent", model.rpartition("/")[2]) for model in _models(files))
    return Said((), merged(one for one in found if one is not None))


def added(commit: Commit) -> list[str]:
    """Return the records that a commit added to the file."""
    hunks = (hunk for file in commit.files if file.path == FILE for hunk in file.hunks)
    return [line for hunk in hunks for line in hunk.added]


def _models(files: list[Any]) -> Iterator[str]:
    """Yield the model of each conversation by an agent, "" if it is unknown."""
    for file in files:
        conversations = file.get("conversations") if isinstance(file, Mapping) else None
        for one in conversations if isinstance(conversations, list) else ():
            who = one.get("contributor") if isinstance(one, Mapping) else None
            if isinstance(who, Mapping) and who.get("type") in _BY_AGENT:
                yield str(who.get("model_id") or "")
