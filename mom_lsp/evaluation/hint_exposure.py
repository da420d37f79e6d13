"""What being shown does to hints: the days of a real author are replayed, who looks at hints and never uses one.

`python -m mom_lsp.evaluation.hint_exposure REPO` prints it for an indexed clone, with `--file PATH` for a file that is
opened every day.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mom_lsp import datafolder
from mom_lsp.git import locate
from mom_lsp.journal import Journal
from mom_lsp.settings import Settings
from mom_lsp.store import Store
from mom_lsp.tiers import DAY
from mom_lsp.tuning.cache import Step
from mom_lsp.workspace import Library, Workspace

DAYS, FILES = 120, 40  # of the author: his last days of work, and the files that he changed on most of them
RECENT = 3 * 365 * DAY  # seconds before the newest commit in which the busiest author is looked for
SCREEN = 50  # lines
WAYS = {"every hint of a file": True, "what was on the screen": False}  # what counts as shown -> whether it is all
Hints = dict[str, dict[str, Any]]  # memory -> what the engine says of its hint


@dataclass(frozen=True, slots=True)
class WorkDay:
    """One day of an author."""

    time: float  # seconds since 1970, of the last commit
    files: Mapping[str, Sequence[int]]  # path -> the commits (rows) that changed it


@dataclass(frozen=True, slots=True)
class Exposure:
    """What is left of the hints of a fresh index at the end."""

    days: int
    files: int
    lines: int  # of all files
    shown: int  # times that a hint was counted as shown
    fresh: int  # hints on the first day
    left: int  # of these, those that are there at the end
    quiet: int  # of these, those that have become shorter
    barred: int  # of the fresh ones, those whose memory is kept from being suggested

    def density(self, hints: int) -> float:
        """Return how many hints there are in 1,000 lines."""
        return 1_000 * hints / max(1, self.lines)

    def __str__(self) -> str:
        return (
            f"{self.days} days, {self.files} files, {self.lines:,} lines, {self.shown:,} showings;"
            f" {self.density(self.fresh):.1f} hints in 1,000 lines before, {self.density(self.left):.1f} after"
            f" ({self.left} of {self.fresh}), {self.quiet} of them quiet; {self.barred} memories not suggested any more"
        )


class Session:
    """Somebody who works in an indexed repository and never uses a memory. The journal begins empty; time is set."""

    def __init__(self, repository: Path, journal: Journal) -> None:
        """Open the index. Raises NoIndex."""
        location = locate(repository)
        store = Store(location.data)
        self.library: Library = Library(lambda: store, journal)
        self.library.reload()
        self.now = 0.0  # seconds since 1970
        self.workspace = Workspace(location, self.library, Settings(), clock=lambda: self.now)
        self.head = self.workspace.worktree.head()

    def text(self, path: str) -> list[str]:
        """Return the committed lines of a file."""
        return self.workspace.worktree.committed(self.head, path)

    def hints(self, path: str) -> Hints:
        """Return the hints of a whole file."""
        lines = self.text(path)
        found = self.workspace.hints(path, "\n".join(lines) + "\n", 1, len(lines))
        return {hint["suggestion"]["id"]: hint for hint in found}

    def end_day(self) -> None:
        """Write down what was shown, and that somebody worked."""
        self.library.journal.append("active", now=self.now)
        self.library.impressions.flush(self.library.journal, self.now)

    def written(self, path: str, rows: Sequence[int]) -> list[int]:
        """Return the lines that some commits wrote and that still stand; the first line where none does."""
        row_of = self.library.snapshot().catalog.row_of_commit
        writers = self.workspace.worktree.writers(self.head, path, None)
        return [line for line, commit in writers.items() if row_of.get(commit) in rows] or [1]


@contextmanager
def session(repository: Path) -> Iterator[Session]:
    """Yield a session whose journal is thrown away. Raises NoIndex."""
    with tempfile.TemporaryDirectory(prefix="mom-eval-") as scratch, Journal(Path(scratch) / datafolder.JOURNAL) as log:
        yield Session(repository, log)


def author_days(at_work: Session) -> list[WorkDay]:
    """Return the last days of who worked on most days lately, with the files that are still there; [] of nobody."""
    catalog = at_work.library.snapshot().catalog
    view = at_work.workspace.worktree.view(catalog, at_work.head)
    rows = np.flatnonzero(view.distance >= 0)
    rows = rows[catalog.time[rows] > catalog.time[rows].max(initial=0) - RECENT]
    if not len(rows):
        return []
    worked = np.unique(np.column_stack([catalog.author[rows], catalog.time[rows] // DAY]), axis=0)
    rows = rows[catalog.author[rows] == np.bincount(worked[:, 0]).argmax()]
    rows = rows[catalog.time[rows] // DAY >= np.unique(catalog.time[rows] // DAY)[-DAYS:][0]]
    touched = {row: [path for path in catalog.paths_of(row) if path in at_work.head.tree] for row in rows.tolist()}
    known = {path for path, _ in Counter(path for paths in touched.values() for path in paths).most_common(FILES)}
    times, files = dict[int, float](), defaultdict[int, dict[str, list[int]]](dict)
    for row in rows[np.argsort(catalog.time[rows])].tolist():
        day = int(catalog.time[row] // DAY)
        times[day] = float(catalog.time[row])
        for path in known.intersection(touched[row]):
            files[day].setdefault(path, []).append(row)
    return [WorkDay(time, files[day]) for day, time in times.items()]


def replay(at_work: Session, days: Sequence[WorkDay], *, whole: bool, step: Step | None = None) -> Exposure:
    """Play days of work.

    Args:
        at_work: a session that has not begun.
        days: in their order.
        whole: whether every hint of a file counts as shown, as if the file were read to its end each day. Otherwise
            only the screens around the lines that the commits of the day wrote.
        step: told how many days are done.
    """
    at_work.now, shown = days[-1].time, 0
    fresh = {path: at_work.hints(path) for path in sorted({path for day in days for path in day.files})}
    for number, day in enumerate(days, 1):
        at_work.now = day.time
        for path, rows in day.files.items():
            hints = at_work.hints(path)
            if not whole:
                near = np.array(at_work.written(path, rows))
                hints = {m: hint for m, hint in hints.items() if np.abs(near - hint["line"]).min() <= SCREEN // 2}
            at_work.workspace.hinted(path, list(hints))
            shown += len(hints)
        at_work.end_day()
        if step is not None:
            step("days", number, len(days))
    left = [hint for path, hints in fresh.items() for m, hint in at_work.hints(path).items() if m in hints]
    barred = at_work.library.snapshot().life.barred
    return Exposure(
        days=len(days),
        files=len(fresh),
        lines=sum(len(at_work.text(path)) for path in fresh),
        shown=shown,
        fresh=sum(map(len, fresh.values())),
        left=len(left),
        quiet=sum(hint["suggestion"]["quiet"] for hint in left),
        barred=sum(memory in barred for hints in fresh.values() for memory in hints),
    )


def exposures(repository: Path, step: Step | None = None) -> dict[str, Exposure]:
    """Return what the days of the busiest author do to hints, in each of WAYS; {} without a history. Raises NoIndex."""
    found = {}
    for name, whole in WAYS.items():
        with session(repository) as at_work:
            if days := author_days(at_work):
                found[name] = replay(at_work, days, whole=whole, step=step)
    return found


def one_file(repository: Path, path: str, days: Sequence[int]) -> dict[int, int]:
    """Return how many hints a file has on some days, from 1, that is opened every day and read to its end."""
    found = {}
    with session(repository) as at_work:
        at_work.now = float(at_work.library.snapshot().catalog.time.max(initial=0))
        for day in range(1, max(days) + 1):
            hints = at_work.hints(path)
            found[day] = len(hints)
            at_work.workspace.hinted(path, list(hints))
            at_work.end_day()
            at_work.now += DAY
    return {day: found[day] for day in days}


def main() -> None:
    """Print what being shown does to the hints of a repository."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--file", metavar="PATH", help="opened every day, instead of an author's days")
    args = parser.parse_args()
    if args.file:
        for day, hints in one_file(args.repository, args.file, (1, 11, 21, DAYS)).items():
            print(f"day {day}: {hints} hints")
    for name, exposure in exposures(args.repository).items() if not args.file else ():
        print(f"{name}: {exposure}")


if __name__ == "__main__":
    main()
