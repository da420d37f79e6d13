"""The part of indexing discussions that runs in worker processes: archive, git, extraction. No store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from mom_lsp.discussions.archive import Key
from mom_lsp.extract.discussions import ThreadPlace, given_up_memory, thread_memory
from mom_lsp.extract.placement import MergedFile, Place, place_of
from mom_lsp.extract.symbols import enclosing_symbol
from mom_lsp.git import Hunk, Location, Repository
from mom_lsp.git.decode import read_text
from mom_lsp.indexing.commit_talk import commit_talk
from mom_lsp.indexing.extraction_worker import excluder
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.memory import Memory
from mom_lsp.redact import sanitize

if TYPE_CHECKING:
    from mom_lsp.discussions.values import Discussion, ReviewThread

MAX_PATHS = 500  # of a task; with more, whole diffs are read
MAX_COMMITS = 20  # of a thread without lines


@dataclass(frozen=True, slots=True)
class Landing:
    """The commits that a pull request became."""

    merged: str  # whose tree is the merged result
    commits: tuple[str, ...] = ()  # that brought its changes, newest first; the squashed commit alone


@dataclass(frozen=True, slots=True)
class DiscussionTask:
    """Discussions to extract, each with what became of it, None for one that was not merged."""

    location: Location
    rules: IndexRules
    head: str
    entries: tuple[tuple[Key, Landing | None], ...]


def extract_discussions(task: DiscussionTask) -> list[Memory]:
    """Return the memories of some discussions."""
    talk = commit_talk(task.location)
    read = [(talk.archive.get(*key), landing) for key, landing in task.entries]
    pulls = [(one, landing) for one, landing in read if one is not None and one.type == "pull_request"]
    landed = [(one, landing) for one, landing in pulls if landing is not None and one.threads]
    result = _MergedResults(Repository(task.location), landed, task.rules.max_file_size)
    found = [
        thread_memory(one, thread, result.place(thread, landing), sanitize)
        for one, landing in landed
        for thread in one.threads
    ]
    known = _paths(task.location, task.head)
    excluded = excluder(task.rules.exclude)
    found += [
        given_up_memory(one, known, talk.template, sanitize)
        for one, landing in pulls
        if landing is None and one.state == "closed"
    ]
    return [replace(one, noise="excluded") if one.paths and all(map(excluded, one.paths)) else one for one in found]


class _MergedResults:
    """The files and changes that some pull requests were merged with, read by three gits for all of them."""

    def __init__(self, repository: Repository, landed: Sequence[tuple[Discussion, Landing]], max_size: int) -> None:
        self._wanted = {(landing.merged, thread.path) for one, landing in landed for thread in one.threads}
        names = {f"{sha}:{path}": (sha, path) for sha, path in self._wanted if path and "\n" not in path}
        self._texts = {
            names[name]: read_text(data).removesuffix("\n").split("\n")
            for name, data in repository.contents(list(names), max_size)
        }
        merged = list(dict.fromkeys(landing.merged for _, landing in landed))
        brought = list(dict.fromkeys(sha for _, landing in landed for sha in landing.commits))
        self._changes = dict(self._read(repository, merged, merges=True))
        self._added = {
            at: frozenset(line.strip() for hunk in hunks for line in hunk.added)
            for at, hunks in self._read(repository, brought, merges=False)
        }

    def place(self, thread: ReviewThread, landing: Landing) -> ThreadPlace:
        """Return where a thread belongs, and the commits that brought these lines."""
        commits = tuple(dict.fromkeys((landing.merged, *landing.commits)))[:MAX_COMMITS]
        lines = self._texts.get((landing.merged, thread.path))
        if lines is None:
            return ThreadPlace(commits)
        file = MergedFile(lines, self._hunks(landing, thread.path, lines))
        found = place_of(thread.hunk, [c.body for c in thread.comments], file) if thread.hunk else Place()
        symbol = enclosing_symbol(lines, found.near, thread.path) if found.near else ""
        texts = tuple(lines[line - 1] for line in found.lines)
        if not texts:
            return ThreadPlace(commits, thread.path, symbol)
        wrote = [
            sha
            for sha in landing.commits
            if not self._added.get((sha, thread.path), frozenset()).isdisjoint(line.strip() for line in texts)
        ]
        return ThreadPlace(tuple(wrote) or commits, thread.path, symbol, texts, found.lines[0])

    def _hunks(self, landing: Landing, path: str, lines: Sequence[str]) -> Sequence[Hunk]:
        """Return the changes of a pull request to a file; of several commits in a row, one hunk for each line."""
        if landing.merged not in landing.commits or len(landing.commits) == 1:
            return self._changes.get((landing.merged, path), ())
        added = frozenset[str]().union(*(self._added.get((sha, path), frozenset()) for sha in landing.commits))
        return [Hunk("", at, 0, at, 1, (), (line,)) for at, line in enumerate(lines, 1) if line.strip() in added]

    def _read(
        self, repository: Repository, shas: Sequence[str], *, merges: bool
    ) -> Iterator[tuple[tuple[str, str], tuple[Hunk, ...]]]:
        """Yield the changes of some commits to the files that were talked about, by commit and path."""
        paths = sorted({path for _, path in self._wanted if path})
        if not shas or not paths:
            return
        for commit in repository.commits(shas, merges=merges, paths=paths if len(paths) <= MAX_PATHS else ()):
            for change in commit.files:
                yield (commit.sha, change.path), change.hunks


@lru_cache(maxsize=2)
def _paths(location: Location, head: str) -> frozenset[str]:
    return frozenset(Repository(location).tree(head))
