"""The recent edits in a continuous memory, which the ranker reads as context."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mom_lsp.cues.cms import ContinuousMemory

WRITTEN_SLOTS = 8  # of a level, by one event
WEIGHT = 1.0  # log-odds for a candidate that equals the context; `mom eval --ablate=cms` measures it


class RecentEdits:
    """The recent edits of one worktree; they are lost when the process ends. Thread-safe."""

    def __init__(self) -> None:
        self._memory: ContinuousMemory | None = None
        self._last = ""
        self._lock = threading.Lock()

    def record(self, text: str, vector: np.ndarray) -> None:
        """Write an edit as one event, unless it is the same as the last one.

        Args:
            text: identifies the edit.
            vector: (w,) its embedding, of length 1.
        """
        with self._lock:
            if text == self._last:
                return
            from mom_lsp.cues.cms import ContinuousMemory, Options  # here: the context is off by default

            if self._memory is None or self._memory.width != len(vector):  # another encoder
                self._memory = ContinuousMemory(len(vector), Options(sparse=WRITTEN_SLOTS))
            self._memory.write(vector[None].astype(np.float32))
            self._last = text

    def read(self, question: np.ndarray) -> np.ndarray | None:
        """Return the context (w,) of a question, of length 1; None before the first event."""
        with self._lock:
            if self._memory is None or self._memory.width != len(question):
                return None
            from mom_lsp.cues.cms import unit

            return np.asarray(unit(self._memory.read(question[None].astype(np.float32)))[0])
