"""Progress of indexing: bars on a terminal, one line per phase in a log, JSON for a parent process."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mom_lsp.cli.text import one_line
from mom_lsp.phrases import STEPS

if TYPE_CHECKING:
    from rich.progress import TaskID

    from mom_lsp.indexing import Progress

FIRST = "history"  # the phase after which search works
SEARCHABLE = "Ready to search. Suggestions improve as indexing continues."
JSON_INTERVAL = 0.1  # seconds between two reports of one phase to a parent process


class Milestones:
    """Finds the reports that deserve a line of their own."""

    def __init__(self) -> None:
        self._started = self._searchable = False
        self._messages: dict[str, str] = {}

    def of(self, progress: Progress) -> Iterator[str]:
        """Yield the new messages of a report: once, that search works, and the reasons of a phase without numbers."""
        if progress.phase == FIRST and progress.total:
            self._started = True
        ended = progress.phase != FIRST or progress.done >= progress.total
        if self._started and ended and not self._searchable:
            self._searchable = True
            yield SEARCHABLE
        if not progress.total and self._messages.get(progress.phase, "") != progress.message:
            self._messages[progress.phase] = progress.message
            if progress.message:
                yield f"{STEPS[progress.phase]}: {one_line(progress.message)}"


class Quiet:
    """Prints nothing. Base class of the reporters: context managers that are called with each report."""

    def __enter__(self) -> Quiet:
        """Start printing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop printing."""

    def __call__(self, progress: Progress) -> None:
        """Take one report, from any thread."""


class Bars(Quiet):
    """One bar per phase, on a terminal."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.text import Text

        from mom_lsp.cli.console import stderr

        self._text = Text
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}", style="cyan", markup=False),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            console=stderr(),
        )
        self._tasks: dict[str, TaskID] = {}
        self._phase = ""
        self._milestones = Milestones()
        self._lock = threading.Lock()

    def __enter__(self) -> Bars:
        """Start printing."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bars as they are."""
        self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        """Move the bar of the phase."""
        with self._lock:
            if progress.total:
                self._move(progress)
            for line in self._milestones.of(progress):
                self._bars.console.print(self._text(line))

    def _move(self, progress: Progress) -> None:
        if self._phase in self._tasks and self._phase != progress.phase:
            before = self._tasks[self._phase]
            self._bars.update(before, completed=self._bars.tasks[before].total)  # a phase ends when the next one begins
        self._phase = progress.phase
        if progress.phase not in self._tasks:
            self._tasks[progress.phase] = self._bars.add_task(
                STEPS[progress.phase], total=progress.total, rate="", note=""
            )
        task = self._tasks[progress.phase]
        if progress.done < self._bars.tasks[task].completed:  # the phase starts over with --watch
            self._bars.reset(task)
        self._bars.update(
            task,
            completed=progress.done,
            total=progress.total,
            rate=_rate(self._bars.tasks[task].speed),
            note=one_line(progress.message),
        )


class Lines(Quiet):
    """One line as each phase begins, for logs."""

    def __init__(self) -> None:
        self._phase = ""
        self._milestones = Milestones()

    def __call__(self, progress: Progress) -> None:
        """Print a line if a phase begins or everything became searchable."""
        for line in self._milestones.of(progress):
            _write(line)
        if progress.total and progress.phase != self._phase:
            self._phase = progress.phase
            _write(f"{STEPS[progress.phase]}: {progress.total:,}")


class JsonLines(Quiet):
    """Reports as lines of JSON: at most ten a second per phase, but always the last one of a phase, and no repeats."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._last: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        """Write the report."""
        now = time.monotonic()
        counting = progress.done < progress.total
        if progress == self._last or (counting and now < self._next.get(progress.phase, 0.0)):
            return
        self._next[progress.phase], self._last = now + JSON_INTERVAL, progress
        report: dict[str, Any] = {
            "phase": progress.phase,
            "done": progress.done,
            "total": progress.total,
            "message": progress.message,
        }
        _write(json.dumps(report))


def _rate(speed: float | None) -> str:
    if not speed:
        return ""
    return f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s"


def _write(line: str) -> None:
    sys.stderr.write(line + "\n")  # a single write, so that lines of different threads do not mix
    sys.stderr.flush()


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that draws one bar per phase; without a terminal it draws nothing."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from mom_lsp.cli.console import stderr

    columns = (TextColumn("{task.description:>10}"), BarColumn(bar_width=24), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(compact=True), console=stderr()) as progress:
        tasks: dict[str, TaskID] = {}

        def move(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total)

        yield move
