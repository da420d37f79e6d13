"""Who wrote a line before its last writer: the history of a line, as `git log -L` has it, through moves and renames.

The diff of a writer tells what a line was before. Who wrote that is looked up in the catalog, by the key of the line
among those that older commits added to the file, since blame of a parent would take git ten times as long as a diff.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mom_lsp.errors import RepositoryError
from mom_lsp.extract.code import MAX_LINE_KEYS, line_keys, normalized
from mom_lsp.git import FileChange, Hunk, Repository
from mom_lsp.route.catalog import EMPTY
from mom_lsp.route.view import View
from mom_lsp.workspace.library.blame_patience import IN_COMMAND, BlamePatience
from mom_lsp.workspace.library.recent import Recent

WAITED = 0.002  # seconds that a question to an engine waits for what is not known yet: a hover has to be there at once
EARLIER = 3  # writers of a line before the last, without noise
STEPS = 6  # writers of a line that are looked at, noise included
CACHED_LINES = 4096
CACHED_CHANGES = 256  # commits
MANY_FILES = 20  # a commit of more files is read only as far as the file asked about
COMMON = 6  # commits that added a line; which of more wrote it here cannot be said
RARE = 3  # commits that added a line, in any file, among which it may have been moved
SIMILAR = 0.5  # share of the parts that two versions of a line have in common
SMALL = 5  # lines removed by a hunk that are all taken for earlier versions of those that it added
LARGE = 4  # commits that are searched for a line that the catalog does not have
MOST_PAIRS = 20_000  # of lines of a hunk that are compared; larger ones have to agree apart from their format
PART = re.compile(r"\w+|[^\w\s]")


class Before(NamedTuple):
    """What a line was before a commit."""

    path: str
    texts: tuple[str, ...]  # the likeliest first


Change = Mapping[int, Before | None]  # key of each line that a commit added to a file -> what it was, None if it is new

Changes = Mapping[str, Change]  # by path


@dataclass(slots=True)
class _Trace:
    """One line, and how far its history is known."""

    path: str
    text: str
    writer: str
    found: list[str] = field(default_factory=list)  # earlier writers, newest first
    ended: bool = False


class EarlierWriters:
    """Finds the writers of lines before the last one. Thread-safe."""

    def __init__(self, repository: Repository, patience: BlamePatience = IN_COMMAND) -> None:
        self._repository, self._patience = repository, patience
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="mom-earlier")
        self._known: Recent[tuple[int, str, str, int], tuple[str, ...]] = Recent(CACHED_LINES)
        self._changes: Recent[tuple[str, str], Changes] = Recent(CACHED_CHANGES)  # by commit and path

    def of(
        self, view: View, path: str, texts: Mapping[int, str], writers: Mapping[int, str]
    ) -> dict[int, tuple[str, ...]]:
        """Return the commits that wrote lines before their last writers, newest first, at most three without noise.

        An engine answers with what it knows in time, and finds the rest in the background for the next question.

        Args:
            view: of the commit asked about.
            path: of the file.
            texts: the lines asked about, by number.
            writers: the commit that wrote each line last.
        """
        keys = {
            line: (view.catalog.size, writers[line], path, _key(text))
            for line, text in texts.items()
            if line in writers
        }
        unknown = {line: texts[line] for line, key in keys.items() if self._known.get(key) is None}
        if unknown:
            self._wait(lambda: self._find(view, path, unknown, writers))
        found = {line: self._known.get(key) for line, key in keys.items()}
        return {line: commits for line, commits in found.items() if commits}

    def _wait(self, find: Callable[[], None]) -> None:
        """Find writers as far as the patience goes; in an engine that goes on in the background."""
        if not self._patience.background:
            find()
            return
        finding = self._pool.submit(find)
        if wait([finding], min(WAITED, self._patience.seconds)).done:
            finding.result()  # raises what went wrong

    def _find(self, view: View, path: str, texts: Mapping[int, str], writers: Mapping[int, str]) -> None:
        traces = {line: _Trace(path, text, writers[line]) for line, text in texts.items()}
        for _ in range(STEPS):
            active = [trace for trace in traces.values() if not trace.ended]
            if not active:
                break
            self._read(view, {(trace.writer, trace.path) for trace in active})
            for trace in active:
                self._step(view, trace)
        for line, trace in traces.items():
            self._known.put((view.catalog.size, writers[line], path, _key(texts[line])), tuple(trace.found))

    def _step(self, view: View, trace: _Trace) -> None:
        """Go from the last writer that is known to the one before."""
        names = view.names_of(trace.path)
        before = _before(self._changes_of(view, trace.writer, trace.path), names, trace.text)
        trace.ended = True
        for text in before.texts if before is not None else ():
            path, writer = self._writer_of(view, before.path if before else "", text, trace.writer)
            if writer:
                trace.path, trace.text, trace.writer = path, text, writer
                trace.found.append(writer)
                trace.ended = _count(view, trace.found) >= EARLIER
                return

    def _writer_of(self, view: View, path: str, text: str, after: str) -> tuple[str, str]:
        """Return the newest commit before another that added a line to a file, with the file; "" if none is known.

        The catalog knows no lines that a commit moved, so a rare one is looked for in other files, too; and only some
        of a large commit, so those are read.
        """
        catalog, older = view.catalog, _older(view, path, after)
        rows = next(iter(catalog.added_lines.rows(line_keys([text]))), EMPTY)
        rows = rows[view.distance[rows] > _distance(view, after)]
        if len(rows) > COMMON:
            return path, ""
        if len(here := np.intersect1d(rows, older)):
            return path, view.commit_of[_newest(view, here)]
        if 0 < len(rows) <= RARE:
            row = _newest(view, rows)
            return next(iter(catalog.paths_of(row)), path), view.commit_of[row]
        large = older[catalog.added_lines.counts(catalog.size)[older] >= MAX_LINE_KEYS]
        shas = [view.commit_of[row] for row in large[np.argsort(view.distance[large])][:LARGE].tolist()]
        self._read(view, [(sha, path) for sha in shas])
        names, key = view.names_of(path), _key(text)
        known = ((sha, self._changes_of(view, sha, path)) for sha in shas)
        return path, next((sha for sha, files in known if any(key in files.get(name, {}) for name in names)), "")

    def _changes_of(self, view: View, sha: str, path: str) -> Changes:
        """Return what is cached of a commit."""
        return self._changes.get(_cached_as(view, sha, path)) or {}

    def _read(self, view: View, wanted: Iterable[tuple[str, str]]) -> None:
        """Read the changes by commit and path that are not cached, with at most two processes of git."""
        unknown = {key for one in wanted if self._changes.get(key := _cached_as(view, *one)) is None}
        small = sorted(sha for sha, path in unknown if not path)
        large = sorted({sha for sha, path in unknown if path})
        paths = sorted({name for _, path in unknown if path for name in view.names_of(path)})
        read: dict[str, Changes] = {}
        try:
            for commit in self._repository.commits(small, merges=True):
                read[commit.sha] = _changes(commit.files)
            for commit in self._repository.commits(large, merges=True, paths=paths):
                read[commit.sha] = _changes(commit.files)
        except RepositoryError:  # objects are missing in a partial clone
            return
        for key in unknown:
            self._changes.put(key, read.get(key[0], {}))


def _cached_as(view: View, sha: str, path: str) -> tuple[str, str]:
    """Return the key of a change: of a commit of few files all are read, else (and of a merge) the one asked about."""
    row = view.catalog.row_of_commit.get(sha)
    return (sha, "") if row is not None and 0 < view.catalog.path_count[row] <= MANY_FILES else (sha, path)


def _count(view: View, commits: Sequence[str]) -> int:
    """Return how many commits may be suggested."""
    rows = view.catalog.row_of_commit.many(commits)
    return int(view.suggestible[rows].sum())


def _distance(view: View, commit: str) -> int:
    row = view.catalog.row_of_commit.get(commit)
    return int(view.distance[row]) if row is not None else -1


def _newest(view: View, rows: np.ndarray) -> int:
    return int(rows[view.distance[rows].argmin()])


def _older(view: View, path: str, after: str) -> np.ndarray:
    """Return the rows of the commits before another that changed a file."""
    rows = view.catalog.rows_touching(view.names_of(path))
    return np.asarray(rows[view.distance[rows] > _distance(view, after)])


def _before(changes: Changes, names: Sequence[str], text: str) -> Before | None:
    """Return what a line was before a commit; since then it may have been formatted, or moved to the file."""
    key = _key(text)
    here: Change = next((changes[name] for name in names if name in changes), {})
    for change in (here, *changes.values()):
        if key in change:
            return change[key]
    known = {before.texts[0]: before for before in here.values() if before is not None}
    return known.get(_likest(text, list(known)) or "")


def _changes(files: Sequence[FileChange]) -> Changes:
    """Return what the lines that a commit added were before."""
    removed = {
        _key(line): Before(file.old_path or file.path, (line,))
        for file in files
        for hunk in file.hunks
        for line in hunk.removed
    }
    return {file.path: _change(file, removed) for file in files if file.hunks}


def _change(file: FileChange, removed: Mapping[int, Before]) -> Change:
    change: dict[int, Before | None] = {}
    for hunk in file.hunks:
        for added, olds in _pairs(hunk):
            key = _key(added)
            before = Before(file.old_path or file.path, olds) if olds else removed.get(key)
            change[key] = before or change.get(key)
    return change


def _key(line: str) -> int:
    return zlib.crc32(normalized(line.strip()).encode("utf-8", "replace"))


def _pairs(hunk: Hunk) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each added line of a hunk with the removed ones that it may have been, the likeliest first."""
    compared = len(hunk.added) * len(hunk.removed) <= MOST_PAIRS
    same = {_key(line): line for line in hunk.removed}
    for at, line in enumerate(hunk.added):
        old = same.get(_key(line)) or (_likest(line, hunk.removed) if compared else None)
        if old is not None:
            yield line, (old,)
        elif len(hunk.removed) <= SMALL:
            near = at * len(hunk.removed) // len(hunk.added)
            yield line, (*hunk.removed[near:], *hunk.removed[:near])
        else:
            yield line, hunk.removed[at : at + 1] if len(hunk.removed) == len(hunk.added) else ()


def _likest(line: str, others: Sequence[str]) -> str | None:
    """Return the line that has most in common with another, None if none has half of it."""
    parts = Counter(PART.findall(line))
    best, found = SIMILAR, None
    for other in others:
        theirs = Counter(PART.findall(other))
        total = parts.total() + theirs.total()
        share = 2 * (parts & theirs).total() / total if total else 0.0
        if share > best:
            best, found = share, other
    return found
