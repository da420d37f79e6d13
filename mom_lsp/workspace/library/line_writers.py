"""Blame: which commit wrote each line of a committed file. What is asked first is blamed first, and nothing twice.

A request blames the lines that it asks about, and waits for those that another one is blaming. An engine then blames
the rest of the file in the background, whatever is asked meanwhile, and then the whole file deeply: the deep blame
follows lines through moves, which takes git three times as long. `improved` reports that more is known than was
answered. A command, which ends with its answer, waits for a moment for the deep blame of the lines it asks about
instead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mom_lsp import datafolder
from mom_lsp.errors import RepositoryError
from mom_lsp.git import Repository
from mom_lsp.git.blame import OWN_FILE
from mom_lsp.process.cancellation import Lasting, cancellation
from mom_lsp.route.lines import committed_lines
from mom_lsp.workspace.library.blame_patience import IN_COMMAND, BlamePatience
from mom_lsp.workspace.library.file_blame import FileBlame, Ignored, Lines, Range, Writers, by_line
from mom_lsp.workspace.library.head import Head
from mom_lsp.workspace.library.recent import Recent
from mom_lsp.workspace.library.saved_blames import SavedBlames

CACHED_FILES = 64
LONGEST = 120.0  # seconds that a blame may take in the background
POLL = 0.05  # seconds between two checks whether a waiting request was cancelled
NOTHING = Writers({}, complete=True)


class LineWriters:
    """The writers of the lines of one worktree's committed files. Thread-safe."""

    def __init__(
        self,
        repository: Repository,
        committed: Callable[[str], Sequence[str]],
        patience: BlamePatience = IN_COMMAND,
    ) -> None:
        """Take a repository, a function that returns the lines of a blob, and the patience."""
        self._repository, self._committed, self._patience = repository, committed, patience
        self._ours = repository.location.data / datafolder.IGNORED_REVISIONS
        self._saved = SavedBlames(repository.location.data)
        self._files: Recent[str, FileBlame] = Recent(CACHED_FILES)  # by path
        self._queue: list[FileBlame] = []  # to be blamed in the background; the newest is the next
        self._worker: threading.Thread | None = None
        self._improved = False
        self._changed = threading.Condition()  # guards the files and the queue

    def of(self, head: Head, path: str, lines: Range | None, *, moves: bool = True) -> Lines:
        """Return the commit that wrote each line; no entry where history is cut off or objects are missing.

        Args:
            head: the commit that is blamed.
            path: of the file.
            lines: the range that is needed, None for the whole file; there may be entries for other lines too.
            moves: whether to follow moves, or do so later, unless that was done already.
        """
        return self._answer(head, path, lines, moves=moves).lines

    def first_of(self, head: Head, path: str, lines: Range) -> Writers:
        """Return the writers of the lines on the screen, and of others as far as they are known. See `improved`."""
        if not self._patience.background:
            return self._answer(head, path, None, moves=True)
        found = self._answer(head, path, lines, moves=True)
        if not found.complete and (file := self._files.get(path)) is not None:
            self._given_in_part(file)
        return found

    def prefetch(self, head: Head, path: str) -> None:
        """Have a file blamed in the background."""
        if path in head.tree and self._patience.background:
            self._enqueue(self._file(head, path))

    def drop(self, path: str) -> None:
        """Stop blaming a file that was closed, unless a request waits for it."""
        with self._changed:
            if (file := self._files.get(path)) is not None and not file.waiting:
                file.dropped = True
                self._changed.notify_all()

    def improved(self) -> bool:
        """Whether, since the last call, more has become known than was answered, or an answer has proved wrong."""
        with self._changed:
            improved, self._improved = self._improved, False
            return improved

    def _answer(self, head: Head, path: str, lines: Range | None, *, moves: bool) -> Writers:
        if path not in head.tree:
            return NOTHING
        until = time.monotonic() + self._patience.seconds
        file, later = self._file(head, path), moves and self._patience.background
        with self._waits(file, lines):
            if later:
                self._enqueue(file)  # the background waits until the request has what it needs
            self._blame_now(file, lines)
        if moves and not later and not file.final:
            return self._deeply_now(file, lines, until)
        if later and file.missing(lines):  # the request was cancelled, perhaps since it took too long
            self._given_in_part(file)
        with self._changed:
            if later and file.meanwhile is None and not file.given:  # a moment, once: small files need no longer
                self._changed.wait_for(lambda: file.final, max(0.0, until - time.monotonic()))
            if later and not file.final:
                file.given.update(file.known.lines)
            return file.known

    def _given_in_part(self, file: FileBlame) -> None:
        with self._changed:
            file.partly_given = bool(file.left)
            self._improved |= not file.left  # the rest was blamed in between

    # The files

    def _file(self, head: Head, path: str) -> FileBlame:
        """Return the blame of a file in a commit, a new one unless it is known or the file did not change since."""
        ignored, blob = self._ignored(head), head.tree[path]
        known = self._files.get(path) or self._saved.load(path, blob, head.overrides)
        same = known is not None and self._is_same(known, head, path)
        if known is not None and same and known.ignored == ignored:
            fresh = known
        else:
            count = len(self._committed(blob))
            left = [(1, count)] if count else []  # there are no lines in what is not text
            fresh = FileBlame(path, blob, head.commit, head.overrides, ignored, left, final=not count)
            if known is not None and known.final and same:
                fresh.meanwhile = known.lines
            elif known is not None and known.final:
                fresh.earlier = self._earlier(known, head, blob)
        with self._changed:
            current = self._files.get(path)
            if current is not None and current is not fresh:
                if (current.commit, current.overrides, current.ignored) == (head.commit, head.overrides, ignored):
                    return current  # another request was faster
                current.dropped = True
                self._changed.notify_all()
            fresh.commit, fresh.dropped = head.commit, False
            return self._files.put(path, fresh)

    def _is_same(self, known: FileBlame, head: Head, path: str) -> bool:
        """Whether a blame is of this commit, or of an ancestor since which the file did not change."""
        if (known.overrides, known.blob) != (head.overrides, head.tree[path]):
            return False
        at = known.commit
        return at == head.commit or (at in head.ancestors and not self._repository.touched(path, at, head.commit))

    def _earlier(self, known: FileBlame, head: Head, blob: str) -> Lines:
        """Return the deep blame of the lines that an earlier version of the file had."""
        if known.overrides != head.overrides or known.commit not in head.ancestors:
            return {}
        before = committed_lines(self._committed(known.blob), self._committed(blob))
        return {line: known.lines[old] for line, old in enumerate(before, 1) if old in known.lines}

    def _ignored(self, head: Head) -> Ignored:
        """Return a value that changes with the list of ignored revisions."""
        try:
            stat = self._ours.stat()
        except OSError:
            return (0, 0, head.tree.get(OWN_FILE))
        return (stat.st_mtime_ns, stat.st_size, head.tree.get(OWN_FILE))

    # In the thread of a request

    def _blame_now(self, file: FileBlame, lines: Range | None) -> None:
        """Blame some lines, or wait until others have, as far as they are not known."""
        cancelled = cancellation()

        def stop() -> bool:
            return not file.missing(lines) or (cancelled() and not file.wanted_by_others(lines))

        while missing := self._claim(file, lines, cancelled):
            try:
                if not self._blame(file, missing, stop):
                    return  # objects are missing in a partial clone: other evidence has to suffice
            finally:
                with self._changed:
                    file.running = False
                    self._changed.notify_all()

    @contextmanager
    def _waits(self, file: FileBlame, lines: Range | None) -> Iterator[None]:
        with self._changed:
            waits = bool(file.missing(lines))
            if waits:
                file.waiting.append(lines)
        try:
            yield
        finally:
            with self._changed:
                if waits:
                    file.waiting.remove(lines)
                    self._changed.notify_all()

    def _claim(self, file: FileBlame, lines: Range | None, cancelled: Callable[[], bool]) -> list[Range]:
        """Return what this thread is to blame, once no other request does; [] if nothing is left to do."""
        with self._changed:
            while (missing := file.missing(lines)) and not cancelled():
                if not file.running:
                    file.running = True
                    return missing
                self._changed.wait(POLL)
            return []

    def _deeply_now(self, file: FileBlame, lines: Range | None, until: float) -> Writers:
        """Return the deep blame of some lines if git has it in time, else the plain one."""
        if (left := until - time.monotonic()) <= 0 or (file.left and file.missing(lines)):
            return file.known
        blame, ranges = self._repository.blame, [lines] if lines else []
        try:
            groups = blame(file.commit, file.path, *ranges, moves=True, plain=file.plain(lines), timeout=left)
        except RepositoryError:
            return file.known
        with self._changed:
            if lines is None:
                file.finish(by_line(groups))
            return Writers(by_line(groups), complete=not file.left)

    def _blame(
        self, file: FileBlame, missing: list[Range], stop: Callable[[], bool], longest: float | None = None
    ) -> bool:
        """Blame some lines; return whether git has succeeded."""
        whole = missing == [(1, len(self._committed(file.blob)))]
        groups = None
        try:
            ranges = [] if whole else missing
            groups = self._repository.blame(file.commit, file.path, *ranges, timeout=longest, stop=stop)
        except RepositoryError:
            return False
        finally:
            with self._changed:
                if groups is not None:
                    file.add(missing, groups)
                if file.partly_given and not file.left:
                    file.partly_given, self._improved = False, True
                self._changed.notify_all()
        return True

    # In the background

    def _enqueue(self, file: FileBlame) -> None:
        with self._changed:
            if file.final:
                return
            if file in self._queue:
                self._queue.remove(file)
            self._queue.append(file)
            self._changed.notify_all()
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="mom-blame", daemon=True)
                self._worker.start()

    def _work(self) -> None:
        try:
            while (file := self._next()) is not None:
                self._advance(file)
        finally:
            with self._changed:  # by now another worker may be running
                if self._worker is threading.current_thread():
                    self._worker = None

    def _next(self) -> FileBlame | None:
        """Wait for a file whose first request is answered: first those with lines left, then those to blame deeply."""
        with self._changed:
            while self._queue:
                self._queue = [file for file in self._queue if not file.dropped]
                idle = [file for file in reversed(self._queue) if file.lines or not file.waiting]
                wanted = [file for file in idle if file.left] or (idle if not any(f.left for f in self._queue) else [])
                if wanted:
                    return wanted[0]
                if self._queue:
                    self._changed.wait()
            self._worker = None
            return None

    def _advance(self, file: FileBlame) -> None:
        """Blame the rest of a file, or all of it deeply; requests blame what they need meanwhile."""
        stop = Lasting(lambda: file.dropped)
        try:
            if file.left:
                again = self._blame(file, list(file.left), stop, LONGEST) or stop.was_true
            else:
                again = not self._deepen(file)
        except OSError:  # a full disk, for example, has no room for the input of git
            again = False
        with self._changed:
            if not again and file in self._queue:
                self._queue.remove(file)

    def _deepen(self, file: FileBlame) -> bool:
        """Blame a file deeply; return False if that was stopped, as it is for a file of which less is known."""
        blame, plain = self._repository.blame, file.plain(None)
        stop = Lasting(lambda: file.dropped or any(one.left for one in tuple(self._queue) if not one.dropped))
        failed = False
        try:
            found = by_line(blame(file.commit, file.path, moves=True, plain=plain, timeout=LONGEST, stop=stop))
        except RepositoryError:  # a partial clone lacks other files of old commits, or it would take too long
            found, failed = by_line(plain), True
        if stop.was_true:
            return False
        with self._changed:
            self._improved |= file.finish(found)
            self._changed.notify_all()
        if not failed:  # the next process may have more memory, or time
            self._saved.save(file)
        return True
