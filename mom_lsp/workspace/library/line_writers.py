"""Blame: which commit wrote each line of a committed file. A plain blame at once, a deep one as soon as git has it.

The deep blame follows lines through moves, which takes git three times as long. An engine computes it in the
background, a whole file at a time, and replaces the plain one; `corrected` reports that an earlier answer was wrong. A
command, which ends with its answer, waits for a moment instead, and blames only the lines it asks about.
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
Ignored = tuple[int, int, str | None]  # time and size of our list of ignored revisions, and the blob of the project's


@dataclass(frozen=True, slots=True)
class BlamePatience:
    """How long a question waits for the deep blame."""

    seconds: float  # from the start of the question
    background: bool  # whether the blame continues afterwards, for the next question


IN_COMMAND = BlamePatience(1.0, background=False)  # a command needs that long for its imports anyway
IN_ENGINE = BlamePatience(0.05, background=True)


@dataclass(frozen=True, slots=True)
class _Blame:
    """The writers of a whole file, in one commit."""

    head: Head
    lines: Lines
    ignored: Ignored | None  # the revisions that the deep blame ignored; None for a plain one


@dataclass(frozen=True, slots=True)
class _Job:
    """A deep blame that is requested."""

    head: Head
    path: str
    lines: Range | None
    ignored: Ignored
    found: Future[Lines] = field(default_factory=Future)

    @property
    def key(self) -> tuple[object, ...]:
        """The identity of the job."""
        return (self.path, self.head.commit, self.head.cut, self.ignored, self.lines)


class LineWriters:
    """The writers of the lines of one worktree's committed files. Thread-safe."""

    def __init__(
        self,
        repository: Repository,
        committed: Callable[[Head, str], Sequence[str]],
        patience: BlamePatience = IN_COMMAND,
    ) -> None:
        """Take a repository, a function that returns the committed lines of a file, and the patience."""
        self._repository, self._committed, self._patience = repository, committed, patience
        self._ours = repository.location.data / datafolder.IGNORED_REVISIONS
        self._known: Recent[str, _Blame] = Recent(CACHED_FILES)  # by path
        self._jobs: OrderedDict[tuple[object, ...], _Job] = OrderedDict()  # by key; the newest is the next
        self._worker: threading.Thread | None = None
        self._plain_answers: dict[str, Lines] = {}  # given before the deep blame was finished, by path
        self._corrected = False
        self._lock = threading.Lock()

    def of(self, head: Head, path: str, lines: Range | None, *, moves: bool = True) -> Lines:
        """Return the commit that wrote each line; no entry where history is cut off or objects are missing.

        Args:
            head: the commit that is blamed.
            path: of the file.
            lines: the range that is needed, None for the whole file, which is then cached.
            moves: whether to start a deep blame if none is cached.
        """
        if path not in head.tree:
            return {}
        until = time.monotonic() + self._patience.seconds
        known, ignored = self._cached(head, path), self._ignored(head)
        if known is not None and known.ignored == ignored:
            return known.lines
        deep = self._deepen(head, path, lines, ignored) if moves else None
        if known is not None and known.ignored is not None:
            until = 0.0  # deep too, only without the newest ignored revisions: not worth waiting for
        given = known.lines if known is not None else self._plain(head, path, lines)
        return given if deep is None else self._better(path, given, deep, until)

    def corrected(self) -> bool:
        """Whether, since the last call, a deep blame has shown an answer to be wrong."""
        with self._lock:
            corrected, self._corrected = self._corrected, False
            return corrected

    def _better(self, path: str, given: Lines, deep: Future[Lines], until: float) -> Lines:
        """Return the deep answer if it comes in time, else the given one, which may be corrected later."""
        try:
            return deep.result(max(0.0, until - time.monotonic()))
        except RepositoryError:
            return given
        except TimeoutError:
            with self._lock:
                if deep.done() and not deep.exception():
                    return deep.result()
                if self._patience.background:
                    self._plain_answers.setdefault(path, {}).update(given)
            return given

    def _cached(self, head: Head, path: str) -> _Blame | None:
        """Return the cached blame of the whole file, at this commit or an ancestor since which it did not change."""
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
        """Return a plain blame, improved by the deep blame of the same lines in an earlier version of the file."""
        try:
            found = _by_line(self._repository.blame(head.commit, path, *([lines] if lines else [])))
        except RepositoryError:
            return {}  # objects are missing in a partial clone: other evidence has to suffice
        before = self._known.get(path)
        if before is not None and before.ignored is not None and before.head.commit in head.ancestors:
            earlier = committed_lines(self._committed(before.head, path), self._committed(head, path))
            found = {line: before.lines.get(earlier[line - 1], sha) for line, sha in found.items()}
        return found if lines else self._known.put(path, _Blame(head, found, None)).lines

    def _deepen(self, head: Head, path: str, lines: Range | None, ignored: Ignored) -> Future[Lines]:
        """Request the deep blame; the newest request comes first."""
        job = _Job(head, path, None if self._patience.background else lines, ignored)
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
            with self._lock:  # by now another worker may be running
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
        except OSError as raised:  # a full disk, for example, has no room for the input of git
            found, error = {}, RepositoryError(f"{job.path} cannot be blamed: {raised}")
        with self._lock:
            del self._jobs[job.key]
            plain = self._plain_answers.pop(job.path, {})
            if error is not None:
                job.found.set_exception(error)
                return
            if self._patience.background:
                self._known.put(job.path, _Blame(job.head, found, job.ignored))
                self._corrected |= any(found.get(line) != sha for line, sha in plain.items())
            job.found.set_result(found)

    def _deep(self, job: _Job) -> Lines:
        ranges = [job.lines] if job.lines else []
        blame = partial(self._repository.blame, job.head.commit, job.path, *ranges)
        if not self._patience.background:
            return _by_line(blame(moves=True, timeout=self._patience.seconds))
        try:
            return _by_line(blame(moves=True, timeout=LONGEST))
        except RepositoryError:  # a partial clone lacks other files of old commits, or it would take too long
            return _by_line(blame())

    def _ignored(self, head: Head) -> Ignored:
        """Return a value that changes with the list of ignored revisions."""
        try:
            stat = self._ours.stat()
        except OSError:
            return (0, 0, head.tree.get(OWN_FILE))
        return (stat.st_mtime_ns, stat.st_size, head.tree.get(OWN_FILE))


def _by_line(groups: Sequence[BlameGroup]) -> Lines:
    """Return the commit of each line, without the commits at which a shallow clone's history ends."""
    return {
        line: group.commit
        for group in groups
        if not group.boundary
        for line in range(group.line, group.line + group.count)
    }
