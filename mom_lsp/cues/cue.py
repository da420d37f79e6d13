"""What all cues have in common: they observe what a developer does, and score memories for a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a developer did: one episode."""

    situation: np.ndarray  # (d,) float32, of length 1: what it was about
    memory: np.ndarray  # (d,) float32, of length 1: what was needed there, or what was written


class Cue(Protocol):
    """A short-term memory of events."""

    def observe(self, event: Event) -> None:
        """Take in an event."""

    def read(self, query: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Return how strongly the events point to each candidate, (m,); 0 for all before the first event.

        Args:
            query: (d,) float32, of length 1: the question.
            candidates: (m, d) float32, rows of length 1.
        """
