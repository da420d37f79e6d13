"""Records of a commit, and what they say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple


class Record(NamedTuple):
    """A text that git keeps for a commit."""

    commit: str  # full sha
    object: str  # git's name of the text: a blob, or "commit:path"
    path: str = ""  # of a file in a checkpoint of Entire; "" for a note


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was said about a commit."""

    kind: Literal["note", "prompt", "summary"]  # a git note, what a person asked an agent for, what an agent reports
    text: str  # as it was recorded: neither sanitized nor shortened


@dataclass(frozen=True, slots=True)
class Agent:
    """A coding agent that wrote a commit, or helped to."""

    name: str  # "Claude Code"
    model: str = ""  # "claude-opus-4-5", "" if unknown

    def __str__(self) -> str:
        return f"{self.name} ({self.model})" if self.model else self.name


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about one commit."""

    remarks: tuple[Remark, ...] = ()
    agents: tuple[Agent, ...] = ()
    problems: tuple[str, ...] = ()  # why records could not be read


NOTHING = Said()


class FormatError(ValueError):
    """A record is of a known format but cannot be read; the text says why."""
