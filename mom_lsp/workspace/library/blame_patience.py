"""How long a question waits for the blame that follows moves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BlamePatience:
    """How long a question waits for the deep blame."""

    seconds: float  # from the start of the question
    background: bool  # whether blame continues afterwards, for the next question


IN_COMMAND = BlamePatience(1.0, background=False)  # a command needs that long for its imports anyway
IN_ENGINE = BlamePatience(0.05, background=True)
