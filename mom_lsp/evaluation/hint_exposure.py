"""How impressions without any use affect hints: replays the days of a real author who sees hints and never uses one.

`python -m mom_lsp.evaluation.hint_exposure REPO` prints the effect for an indexed clone; with `--file PATH`, for one
file that is opened every day.
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
from mom_lsp.workspace.answers.line_hints import Wanted

DAYS, FILES = 120, 40  # the author's last days of work, and the files that the author changed on most of them
RECENT = 3 * 365 * DAY  # seconds before the newest commit, from which the busiest author is chosen
SCREEN = 50  # lines
WAYS = {"every hint of a file": True, "what was on the screen": False}  # what counts as shown -> whether that is all
Hints = dict[str, dict[str, Any]]  # memory -> its hint


@dataclass(frozen=True, slots=True)
class WorkDay:
    """One day of an author."""

    time: float  # seconds since 1970, of the last commit
    files: Mapping[str, Sequence[int]]  # path -> the commits (rows) that changed it


@dataclass(frozen=True, slots=True)
class Exposure:
    """How many hints of a fresh index remain at the end."""

    days: int
    files: int
    lines: int  # of all files
    shown: int  # impressions
    fresh: int  # hints on the first day
    left: int  # of these, those that remain at the end
    quiet: int  # of these, those that became quiet
    barred: int  # of the fresh ones, those whose memory is suppressed

    def density(self, hints: int) -> float:
        """Return the number of hints per 1,000 lines."""
        return 1_000 * hints / max(1, self.lines)

    def __str__(self) -> str:
        return (
            f"{self.days} days, {self.files} files, {self.lines:,} lines, {self.shown:,} impressions;"
            f" {self.density(self.fresh):.1f} hints per 1,000 lines before, {self.density(self.left):.1f} after"
            f" ({self.left} of {self.fresh}), {self.quiet} of them quiet; {self.barred} memories suppressed"
        )


class Session:
    """A developer in an indexed repository who never uses a memory. Starts with an empty journal; time is simulated."""

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
        found = self.workspace.hints(path, "\n".join(lines) + "\n", Wanted(1, len(lines))).hints
        return {hint["suggestion"]["id"]: hint for hint in found}

    def end_day(self) -> None:
        """Record the impressions of the day, and that it was an active day."""
        self.library.journal.append("active", now=self.now)
        self.library.impressions.flush(self.library.journal, self.now)

    def written(self, path: str, rows: Sequence[int]) -> list[int]:
        """Return the lines that blame attributes to some commits, or else the first line."""
        row_of = self.library.snapshot().catalog.row_of_commit
        writers = self.workspace.worktree.writers(self.head, path, None)
        return [line for line, commit in writers.items() if row_of.get(commit) in rows] or [1]


@contextmanager
def new_session(repository: Path) -> Iterator[Session]:
    """Yield a session with a temporary journal. Raises NoIndex."""
    with tempfile.TemporaryDirectory(prefix="mom-eval-") as scratch, Journal(Path(scratch) / datafolder.JOURNAL) as log:
        yield Session(repository, log)


def author_days(session: Session) -> list[WorkDay]:
    """Return the last days of the recently most active author, with the files that still exist; [] without commits."""
    catalog = session.library.snapshot().catalog
    view = session.workspace.worktree.view(catalog, session.head)
    rows = np.flatnonzero(view.distance >= 0)
    rows = rows[catalog.time[rows] > catalog.time[rows].max(initial=0) - RECENT]
    if not len(rows):
        return []
    worked = np.unique(np.column_stack([catalog.author[rows], catalog.time[rows] // DAY]), axis=0)
    rows = rows[catalog.author[rows] == np.bincount(worked[:, 0]).argmax()]
    rows = rows[catalog.time[rows] // DAY >= np.unique(catalog.time[rows] // DAY)[-DAYS:][0]]
    touched = {row: [path for path in catalog.paths_of(row) if path in session.head.tree] for row in rows.tolist()}
    known = {path for path, _ in Counter(path for paths in touched.values() for path in paths).most_common(FILES)}
    times, files = dict[int, float](), defaultdict[int, dict[str, list[int]]](dict)
    for row in rows[np.argsort(catalog.time[rows])].tolist():
        day = int(catalog.time[row] // DAY)
        times[day] = float(catalog.time[row])
        for path in known.intersection(touched[row]):
            files[day].setdefault(path, []).append(row)
    return [WorkDay(time, files[day]) for day, time in times.items()]


def replay(session: Session, days: Sequence[WorkDay], *, whole: bool, step: Step | None = None) -> Exposure:
    """Replay days of work.

    Args:
        session: a new session.
        days: in order.
        whole: whether every hint of a file counts as shown, as if the whole file were read each day. Otherwise only the
            screens around the lines that the commits of the day wrote.
        step: called with the progress.
    """
    session.now, shown = days[-1].time, 0
    fresh = {path: session.hints(path) for path in sorted({path for day in days for path in day.files})}
    for number, day in enumerate(days, 1):
        session.now = day.time
        for path, rows in day.files.items():
            hints = session.hints(path)
            if not whole:
                near = np.array(session.written(path, rows))
                hints = {m: hint for m, hint in hints.items() if np.abs(near - hint["line"]).min() <= SCREEN // 2}
            session.workspace.hinted(path, list(hints))
            shown += len(hints)
        session.end_day()
        if step is not None:
            step("days", number, len(days))
    left = [hint for path, hints in fresh.items() for m, hint in session.hints(path).items() if m in hints]
    barred = session.library.snapshot().life.suppressed
    return Exposure(
        days=len(days),
        files=len(fresh),
        lines=sum(len(session.text(path)) for path in fresh),
        shown=shown,
        fresh=sum(map(len, fresh.values())),
        left=len(left),
        quiet=sum(hint["suggestion"]["quiet"] for hint in left),
        barred=sum(memory in barred for hints in fresh.values() for memory in hints),
    )


def exposures(repository: Path, step: Step | None = None) -> dict[str, Exposure]:
    """Return the exposure of the busiest author's days, for each of WAYS; {} without a history. Raises NoIndex."""
    found = {}
    for name, whole in WAYS.items():
        with new_session(repository) as session:
            if days := author_days(session):
                found[name] = replay(session, days, whole=whole, step=step)
    return found


def one_file(repository: Path, path: str, days: Sequence[int]) -> dict[int, int]:
    """Return the number of hints on some days, from 1, of a file that is opened every day and read to its end."""
    found = {}
    with new_session(repository) as session:
        session.now = float(session.library.snapshot().catalog.time.max(initial=0))
        for day in range(1, max(days) + 1):
            hints = session.hints(path)
            found[day] = len(hints)
            session.workspace.hinted(path, list(hints))
            session.end_day()
            session.now += DAY
    return {day: found[day] for day in days}


def main() -> None:
    """Print the effect of impressions on the hints of a repository."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--file", metavar="PATH", help="a file that is opened every day, instead of an author's days")
    args = parser.parse_args()
    if args.file:
        for day, hints in one_file(args.repository, args.file, (1, 11, 21, DAYS)).items():
            print(f"day {day}: {hints} hints")
    for name, exposure in exposures(args.repository).items() if not args.file else ():
        print(f"{name}: {exposure}")


if __name__ == "__main__":
    main()
