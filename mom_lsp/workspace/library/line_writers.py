"""Who wrote the lines of committed files: a plain answer at once, a deeper one as soon as git has it.

The deeper one follows lines through moves, which takes git three times as long. In an engine it is worked out in the
background, a whole file at a time, and replaces the plain one; `corrected` tells that an answer has turned out to be
wrong. A command, which ends with its answer, waits for a moment instead, and asks about its own lines alone.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial

from mom_lsp import datafolder
from mom_lsp.errors import RepositoryError
from mom_lsp.git import BlameGroup, Repository
from mom_lsp.git.blame import OWN_FILE
from mom_lsp.route.lines import committed_lines
from mom_lsp.workspace.library.head import Head
from mom_lsp.workspace.library.recent import Recent

CACHED_FILES = 64
LONGEST = 120.0  # seconds that a blame may take in the background

Lines = dict[int, str]  # committed line -> commit that wrote it
Range = tuple[int, int]  # 1-based, inclusive
Ignoring = tuple[int, int, str | None]  # time and size of our list of revisions, and the blob of the repository's own


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a deeper blame is waited for."""

    seconds: float  # from the question on
    background: bool  # whether it goes on afterwards, for the next question


ALONE = Waiting(1.0, background=False)  # a command needs as long to import what it answers with
IN_ENGINE = Waiting(0.05, background=True)


@dataclass(frozen=True, slots=True)
class _Blame:
    """The writers of a whole file, in one commit."""

    head: Head
    lines: Lines
    ignoring: Ignoring | None  # which revisions the deeper blame looked through; None for a plain one


@dataclass(frozen=True, slots=True)
class _Job:
    """A deeper blame that is wanted."""

    head: Head
    path: str
    lines: Range | None
    ignoring: Ignoring
    found: Future[Lines] = field(default_factory=Future)

    @property
    def key(self) -> tuple[object, ...]:
        """Tells jobs apart."""
        return (self.path, self.head.commit, self.head.cut, self.ignoring, self.lines)


class LineWriters:
    """Knows the writers of the lines of one worktree's committed files. Thread-safe."""

    def __init__(
        self, repository: Repository, committed: Callable[[Head, str], Sequence[str]], waiting: Waiting = ALONE
    ) -> None:
        """Take a repository, what returns the committed lines of a file, and how a deeper blame is waited for."""
        self._repository, self._committed, self._waiting = repository, committed, waiting
        self._ours = repository.location.data / datafolder.IGNORED_REVISIONS
        self._known: Recent[str, _Blame] = Recent(CACHED_FILES)  # by path
        self._jobs: OrderedDict[tuple[object, ...], _Job] = OrderedDict()  # by key; the newest is the next
        self._worker: threading.Thread | None = None
        self._told: dict[str, Lines] = {}  # answers that were given before the deeper blame was there, by path
        self._corrected = False
        self._lock = threading.Lock()

    def of(self, head: Head, path: str, lines: Range | None, *, moves: bool = True) -> Lines:
        """Return the commit that wrote each line; nothing where history was cut off or objects are missing.

        Args:
            head: the commit that is blamed.
            path: of the file.
            lines: the range that has to be known at least, None for the whole file, which is then remembered.
            moves: whether it is worth a deeper blame if none is known.
        """
        if path not in head.tree:
            return {}
        until = time.monotonic() + self._waiting.seconds
        known, ignoring = self._remembered(head, path), self._ignoring(head)
        if known is not None and known.ignoring == ignoring:
            return known.lines
        deeper = self._deepen(head, path, lines, ignoring) if moves else None
        if known is not None and known.ignoring is not None:
            until = 0.0  # as deep, but before the newest formatting was known: not worth waiting for
        given = known.lines if known is not None else self._plain(head, path, lines)
        return given if deeper is None else self._better(path, given, deeper, until)

    def corrected(self) -> bool:
        """Whether, since this was asked last, a deeper blame has shown an answer to be wrong."""
        with self._lock:
            corrected, self._corrected = self._corrected, False
            return corrected

    def _better(self, path: str, given: Lines, deeper: Future[Lines], until: float) -> Lines:
        """Return the deeper answer if it comes in time, else the given one, which may be corrected later."""
        try:
            return deeper.result(max(0.0, until - time.monotonic()))
        except RepositoryError:
            return given
        except TimeoutError:
            with self._lock:
                if deeper.done() and not deeper.exception():
                    return deeper.result()
                if self._waiting.background:
                    self._told.setdefault(path, {}).update(given)
            return given

    def _remembered(self, head: Head, path: str) -> _Blame | None:
        """Return what is known of the whole file, here or at an ancestor since which no commit changed it."""
        known = self._known.get(path)
        if known is None or known.head.cut != head.cut:
            return None
        of = known.head.commit
        if of != head.commit:
            if of not in head.ancestors or self._repository.touched(path, of, head.commit):
                return None
            known = self._known.put(path, replace(known, head=head))
        return known

    def _plain(self, head: Head, path: str, lines: Range | None) -> Lines:
        """Return what git tells fast, and what is known of the same lines in an earlier version of the file."""
        try:
            found = _by_line(self._repository.blame(head.commit, path, *([lines] if lines else [])))
        except RepositoryError:
            return {}  # objects are missing in a partial clone: the other evidence has to do
        before = self._known.get(path)
        if before is not None and before.ignoring is not None and before.head.commit in head.ancestors:
            earlier = committed_lines(self._committed(before.head, path), self._committed(head, path))
            found = {line: before.lines.get(earlier[line - 1], sha) for line, sha in found.items()}
        return found if lines else self._known.put(path, _Blame(head, found, None)).lines

    def _deepen(self, head: Head, path: str, lines: Range | None, ignoring: Ignoring) -> Future[Lines]:
        """Have the deeper blame worked out; what was asked about last comes first."""
        job = _Job(head, path, None if self._waiting.background else lines, ignoring)
        with self._lock:
            job = self._jobs.setdefault(job.key, job)
            self._jobs.move_to_end(job.key)
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="mom-blame", daemon=True)
                self._worker.start()
        return job.found

    def _work(self) -> None:
        try:
            while (job := self._next()) is not None:
                self._finish(job)
        finally:
            with self._lock:  # by now another one may be at work
                if self._worker is threading.current_thread():
                    self._worker = None

    def _next(self) -> _Job | None:
        with self._lock:
            if not self._jobs:
                self._worker = None
            return next(reversed(self._jobs.values()), None)

    def _finish(self, job: _Job) -> None:
        try:
            found, error = self._deep(job), None
        except RepositoryError as raised:
            found, error = {}, raised
        except OSError as raised:  # a full disk, say, has no room for what git is given
            found, error = {}, RepositoryError(f"{job.path} cannot be blamed: {raised}")
        with self._lock:
            del self._jobs[job.key]
            told = self._told.pop(job.path, {})
            if error is not None:
                job.found.set_exception(error)
                return
            if self._waiting.background:
                self._known.put(job.path, _Blame(job.head, found, job.ignoring))
                self._corrected |= any(found.get(line) != sha for line, sha in told.items())
            job.found.set_result(found)

    def _deep(self, job: _Job) -> Lines:
        ranges = [job.lines] if job.lines else []
        blame = partial(self._repository.blame, job.head.commit, job.path, *ranges)
        if not self._waiting.background:
            return _by_line(blame(moves=True, timeout=self._waiting.seconds))
        try:
            return _by_line(blame(moves=True, timeout=LONGEST))
        except RepositoryError:  # a partial clone lacks other files of old commits, or it would take too long
            return _by_line(blame())

    def _ignoring(self, head: Head) -> Ignoring:
        """Return what changes with the revisions that blame looks through."""
        try:
            stat = self._ours.stat()
        except OSError:
            return (0, 0, head.tree.get(OWN_FILE))
        return (stat.st_mtime_ns, stat.st_size, head.tree.get(OWN_FILE))


def _by_line(groups: Sequence[BlameGroup]) -> Lines:
    """Return the commit of each line, without those at which a shallow clone's history ends."""
    return {
        line: group.commit
        for group in groups
        if not group.boundary
        for line in range(group.line, group.line + group.count)
    }
