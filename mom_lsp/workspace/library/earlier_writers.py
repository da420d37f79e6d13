"""Who wrote a line before its last writer: the history of a line, as `git log -L` has it, through moves and renames.

The diff of a writer tells what a line was before. Who wrote that is looked up in the catalog, by the key of the line
among those that older commits added to the file, since blame of a parent would take git ten times as long as a diff.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np

from mom_lsp.errors import RepositoryError
from mom_lsp.extract.code import MAX_LINE_KEYS, line_keys
from mom_lsp.git import Repository
from mom_lsp.git.runner import is_damage
from mom_lsp.route.catalog import EMPTY
from mom_lsp.route.view import View
from mom_lsp.workspace.library.at_rest import AtRest
from mom_lsp.workspace.library.blame_patience import IN_COMMAND, BlamePatience
from mom_lsp.workspace.library.earlier_lines import ChangedLines, key_of
from mom_lsp.workspace.library.recent import Recent

EARLIER = 3  # writers of a line before the last, without noise
STEPS = 6  # writers of a line that are looked at, noise included
CACHED_LINES = 4096
CACHED_CHANGES = 64  # commits
MANY_FILES = 20  # a commit of more files is read only as far as the file asked about
COMMON = 6  # commits that added a line; which of more wrote it here cannot be said
RARE = 3  # commits that added a line, in any file, among which it may have been moved
LARGE = 4  # commits that are searched for a line that the catalog does not have


class Earlier(NamedTuple):
    """Who wrote some lines before their last writers."""

    commits: Mapping[int, tuple[str, ...]]  # by line, newest first, without lines that have none
    complete: bool  # whether all are known
    moved: frozenset[int] = frozenset()  # the lines that their last writers only moved or reformatted


@dataclass(slots=True)
class _Trace:
    """One line, and how far its history is known."""

    path: str
    text: str
    writer: str
    found: list[str] = field(default_factory=list)  # earlier writers, newest first
    moved: bool = False  # whether the last writer only moved or reformatted it
    ended: bool = False


class _Known(NamedTuple):
    """What was found of one line."""

    commits: tuple[str, ...]
    moved: bool


class EarlierWriters:
    """Finds the writers of lines before the last one. Thread-safe."""

    def __init__(self, repository: Repository, patience: BlamePatience = IN_COMMAND) -> None:
        self._repository, self._patience = repository, patience
        self._at_rest, self._at_once = AtRest(), ThreadPoolExecutor(1, thread_name_prefix="mom-earlier")
        self._known: Recent[tuple[int, str, str, int], _Known] = Recent(CACHED_LINES)
        self._changes: Recent[tuple[str, str], ChangedLines] = Recent(CACHED_CHANGES)  # by commit and path

    def of(
        self,
        view: View,
        path: str,
        texts: Mapping[int, str],
        writers: Mapping[int, str],
        patience: float | None = None,
    ) -> Earlier:
        """Return the commits that wrote lines before their last writers, newest first, at most three without noise.

        A command finds what is not known; an engine only once questions have stopped, so that none has to wait, unless
        the question has patience.

        Args:
            view: of the commit asked about.
            path: of the file.
            texts: the lines asked about, by number.
            writers: the commit that wrote each line last.
            patience: seconds that a question to an engine waits, None for one that cannot.
        """
        keys = {
            line: (view.catalog.size, writers[line], path, key_of(text))
            for line, text in texts.items()
            if line in writers
        }
        unknown = {line: texts[line] for line, key in keys.items() if self._known.get(key) is None}
        if unknown and self._patience.background:
            work = partial(self._find, view, path, unknown, writers)
            if patience is None:
                self._at_rest.do(frozenset(keys[line] for line in unknown), work)
            elif wait([finding := self._at_once.submit(work)], patience).done:
                finding.result()  # raises what went wrong
        elif unknown:
            self._find(view, path, unknown, writers)
        found = {line: known for line, key in keys.items() if (known := self._known.get(key)) is not None}
        commits = {line: known.commits for line, known in found.items() if known.commits}
        moved = frozenset(line for line, known in found.items() if known.moved)
        return Earlier(commits, len(found) == len(keys), moved)

    def _find(self, view: View, path: str, texts: Mapping[int, str], writers: Mapping[int, str]) -> None:
        traces = {line: _Trace(path, text, writers[line]) for line, text in texts.items()}
        try:
            self._follow(view, list(traces.values()))
        except RepositoryError:  # the next question tries again
            return
        for line, trace in traces.items():
            known = _Known(tuple(trace.found), trace.moved)
            self._known.put((view.catalog.size, writers[line], path, key_of(texts[line])), known)

    def _follow(self, view: View, traces: Sequence[_Trace]) -> None:
        for _ in range(STEPS):
            active = [trace for trace in traces if not trace.ended]
            if not active:
                break
            self._read(view, {(trace.writer, trace.path) for trace in active})
            for trace in active:
                self._step(view, trace)

    def _step(self, view: View, trace: _Trace) -> None:
        """Go from the last writer that is known to the one before."""
        names = view.names_of(trace.path)
        before = self._changes_of(view, trace.writer, trace.path).before(names, trace.text)
        trace.ended = True
        if before is not None and not trace.found:
            trace.moved = key_of(before.texts[0]) == key_of(trace.text)
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
        names, key = view.names_of(path), key_of(text)
        known = ((sha, self._changes_of(view, sha, path)) for sha in shas)
        return path, next((sha for sha, lines in known if lines.adds(names, key)), "")

    def _changes_of(self, view: View, sha: str, path: str) -> ChangedLines:
        """Return what is cached of a commit."""
        return self._changes.get(_cached_as(view, sha, path)) or ChangedLines()

    def _read(self, view: View, wanted: Iterable[tuple[str, str]]) -> None:
        """Read the changes by commit and path that are not cached, with at most two processes of git."""
        unknown = {key for one in wanted if self._changes.get(key := _cached_as(view, *one)) is None}
        small = sorted(sha for sha, path in unknown if not path)
        large = sorted({sha for sha, path in unknown if path})
        paths = sorted({name for _, path in unknown if path for name in view.names_of(path)})
        read: dict[str, ChangedLines] = {}
        try:
            for commit in self._repository.commits(small, merges=True):
                read[commit.sha] = ChangedLines(commit.files)
            for commit in self._repository.commits(large, merges=True, paths=paths):
                read[commit.sha] = ChangedLines(commit.files)
        except RepositoryError as error:
            if not is_damage(error):  # objects are missing in a partial clone
                raise
            return
        for key in unknown:
            self._changes.put(key, read.get(key[0], ChangedLines()))


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
