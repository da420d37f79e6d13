"""What indexing tells while it runs, and at its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mom_lsp.indexing.background import HEAD_START, Background

Phase = Literal["waiting", "history", "files", "compaction", "encoding", "domains"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One step: `done` of `total` commits, files or memories."""

    phase: Phase
    done: int
    total: int
    message: str = ""


@dataclass(slots=True)
class Summary:
    """What one run of indexing did."""

    commits: int = 0
    memories: int = 0
    files: int = 0
    encoded: int = 0
    seconds: float = 0.0
    nothing_new: bool = False
    waiting: str = ""  # why the work was left to be done later, "" if it was done


Report = Callable[[Progress], None]


class Stopped(Exception):
    """The user, or the end of the parent process, asked to stop. What was written stays."""


class Paused(Stopped):
    """The machine has to be spared for a while; says why. The next pass goes on from there."""


@dataclass(frozen=True, slots=True)
class Control:
    """How a run speaks and listens."""

    report: Report
    stop: threading.Event
    background: Background | None = None  # None where somebody waits for the end

    def step(self, phase: Phase, done: int, total: int, message: str = "") -> None:
        """Report, and stop if asked to.

        Raises:
            Stopped: the stop event is set.
            Paused: the battery is low.
        """
        self.report(Progress(phase, done, total, message))
        if self.stop.is_set():
            raise Stopped
        if phase in ("encoding", "domains"):  # everything can be found already
            self.spare()

    def indexed(self, amount: int) -> None:
        """Spare the machine once the index holds so many commits and files that there is something to show."""
        if amount >= HEAD_START:
            self.spare()

    def spare(self) -> None:
        """Give way to the user if nobody waits for the end.

        Raises:
            Paused: the battery is low.
        """
        if self.background is not None:
            self.background.give_way()
            if reason := self.background.pause():
                raise Paused(reason)
