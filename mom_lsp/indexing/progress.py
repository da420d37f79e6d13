"""Progress reports and the summary of indexing, and how it is stopped or paused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mom_lsp.indexing.background import HEAD_START, Background

Phase = Literal["waiting", "history", "files", "discussions", "compaction", "encoding", "domains"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One step: `done` of `total` commits, files or memories."""

    phase: Phase
    done: int
    total: int
    message: str = ""


@dataclass(slots=True)
class Summary:
    """What one indexing run did."""

    commits: int = 0
    memories: int = 0  # written, with routine history, and again if they changed
    files: int = 0
    discussions: int = 0
    encoded: int = 0
    seconds: float = 0.0
    nothing_new: bool = False
    waiting: str = ""  # why the work was postponed, "" if it was done


Report = Callable[[Progress], None]


class Stopped(Exception):
    """The user, or the end of the parent process, requested a stop. What was written stays."""


class Paused(Stopped):
    """The battery is low; the text says so. The next pass resumes."""


class Interrupted(Stopped):
    """A pass is wanted before encoding goes on."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Control:
    """How a run reports, and is stopped, paused or interrupted."""

    report: Report
    stop: threading.Event
    background: Background | None = None  # None for a run in the foreground
    interrupted: Callable[[], bool] = _never  # whether something more urgent than encoding is wanted

    def step(self, phase: Phase, done: int, total: int, message: str = "") -> None:
        """Report, and stop if asked to.

        Raises:
            Stopped: the stop event is set.
            Interrupted: something more urgent is wanted.
            Paused: the battery is low.
        """
        self.report(Progress(phase, done, total, message))
        self.check()
        if phase in ("encoding", "domains"):  # everything is searchable already
            self.give_way()

    def check(self) -> None:
        """Stop if asked to. Raises Stopped or Interrupted."""
        if self.stop.is_set():
            raise Stopped
        if self.interrupted():
            raise Interrupted

    def indexed(self, amount: int) -> None:
        """Give way to the user once the index holds enough commits and files to show something."""
        if amount >= HEAD_START:
            self.give_way()

    def give_way(self) -> None:
        """Lower the priority of a background run.

        Raises:
            Paused: the battery is low.
        """
        if self.background is not None:
            self.background.lower_priority()
            if reason := self.background.pause():
                raise Paused(reason)
