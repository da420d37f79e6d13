"""Indexing what changed in the archive of discussions. Runs under the writer lease."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from mom_lsp.discussions.archive import Archive, Key
from mom_lsp.discussions.merging import BODY, comment_key
from mom_lsp.discussions.values import Discussion
from mom_lsp.git import Location, Repository
from mom_lsp.git.ancestors import Ancestors
from mom_lsp.indexing.discussion_worker import DiscussionTask, Landing, extract_discussions
from mom_lsp.indexing.extraction_worker import ordered
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.indexing.marker import Marker
from mom_lsp.indexing.merge import Merger
from mom_lsp.indexing.progress import Control, Summary
from mom_lsp.memory import Memory
from mom_lsp.process.worker_pool import workers
from mom_lsp.store.arrow_rows import DISCUSSION
from mom_lsp.store.rows import Rows

CHUNK = 50  # discussions
OF_DISCUSSIONS = "source_type = 'discussion'"


class Changes:
    """What changed in an archive since the last pass."""

    def __init__(self, archive: Archive, marker: Marker) -> None:
        self.archive, self.revision = archive, archive.revision
        self.is_another = marker.discussions < archive.began or marker.discussions > self.revision
        self._since = 0 if self.is_another else marker.discussions

    @cached_property
    def keys(self) -> list[Key]:
        """The discussions that changed; all of them if the archive is another one."""
        return list(self.archive.changed_since(self._since))

    def commits(self, store: Rows, marker: Marker) -> set[str]:
        """Return the indexed commits that a change may tell more or less about."""
        if not self.keys and not (self.is_another and marker.discussions):
            return set()
        rows = store.columns(["commits", "numbers", "refs"], "source_type = 'commit'").to_pylist()
        numbers = {key.number for key in self.keys}
        named = {f"#{number}" for number in numbers}
        found = {
            sha
            for row in rows
            if not numbers.isdisjoint(row["numbers"]) or any(text.rpartition(" ")[2] in named for text in row["refs"])
            for sha in row["commits"]
        }
        for key in self.keys:
            if (discussion := self.archive.get(*key)) is not None:
                found.update((discussion.merge_commit, *discussion.commits))
        return found


def index_discussions(
    store: Rows,
    repository: Repository,
    head: str,
    changes: Changes,
    fresh: Collection[str],
    rules: IndexRules,
    merger: Merger,
    control: Control,
    summary: Summary,
) -> None:
    """Index discussions that changed, and those whose commits are new.

    Args:
        store: to be written.
        repository: of the commits.
        head: whose history tells what became of a pull request.
        changes: of the archive.
        fresh: the commits that this pass has read.
        rules: of the pass.
        merger: of the pass.
        control: of the pass.
        summary: to be updated.
    """
    if not changes.revision and not changes.is_another:
        return  # nothing was ever imported
    archive = changes.archive
    landings = Landings(store, repository, head)
    keys = list(dict.fromkeys([*changes.keys, *_of_commits(archive, fresh, landings)]))
    stored = _stored(store)
    if changes.is_another:
        keys = list(dict.fromkeys([*keys, *stored]))
    if not keys:
        return
    chunks = [keys[at : at + CHUNK] for at in range(0, len(keys), CHUNK)]
    control.step("discussions", 0, len(keys))
    done = 0
    with workers(len(keys)) as executor:
        tasks = (
            DiscussionTask(repository.location, rules, head, tuple((key, landings.of(archive, key)) for key in chunk))
            for chunk in chunks
        )
        for chunk, memories in zip(chunks, ordered(executor, extract_discussions, tasks), strict=True):
            summary.memories += merger.write(memories)
            gone = {identity for key in chunk for identity in stored.get(key, ())}
            store.delete(gone - {memory.id for memory in memories})
            _erase(archive, [memory for memory in memories if memory.id in merger.forgotten])
            done += len(chunk)
            summary.discussions += len(chunk)
            control.step("discussions", done, len(keys))


def erase_from_archive(location: Location, memories: Collection[Memory]) -> None:
    """Erase forgotten memories from the archive, too: what they were made of.

    A commit may have taken its text from a pull request, or from the issues that it closed.
    """
    with Archive(location.data) as archive:
        if not archive.revision:
            return
        _erase(archive, [memory for memory in memories if memory.source.type == "discussion"])
        for memory in memories:
            told = [one for one in _told(archive, memory) if _repeats(memory.body, one)]
            for one in told:
                archive.erase(one.project, one.type, one.number, [BODY] if one.type == "pull_request" else ())


def allow_again(location: Location, memories: Collection[Memory]) -> None:
    """Let the next import bring back what was erased of discussions."""
    parts = [memory.source.discussion for memory in memories if memory.source.discussion is not None]
    with Archive(location.data) as archive:
        for part in parts if archive.revision else ():
            archive.allow(part.project, part.type, part.number)


def _erase(archive: Archive, memories: Sequence[Memory]) -> None:
    for memory in memories:
        part = memory.source.discussion
        if part is None:
            continue
        keys = [part.part]
        if not part.part:  # of a pull request that was given up: its description and what was said in general
            found = archive.get(part.project, part.type, part.number)
            keys = [BODY, *map(comment_key, found.comments if found is not None else ())]
        archive.erase(part.project, part.type, part.number, keys)


def _told(archive: Archive, memory: Memory) -> Iterator[Discussion]:
    """Yield the discussions from which a commit may have its text."""
    if memory.source.type == "commit":
        yield from (one for sha in memory.commits if (one := archive.of_commit(sha)) is not None)
        yield from archive.of_numbers({*memory.numbers, *_numbers(memory)})


def _numbers(memory: Memory) -> Iterator[int]:
    for reference in memory.references:
        if reference.target[1:].isdigit() and reference.target[0] == "#":
            yield int(reference.target[1:])


def _repeats(body: str, one: Discussion) -> bool:
    """Whether a memory has the title of an issue, or a line of a description."""
    said = " ".join(one.body.split())
    if one.type == "issue":
        return bool(one.title) and one.title.strip().rstrip(".") in body
    return any(len(line.split()) > 2 and " ".join(line.split()).rstrip("…") in said for line in body.split("\n"))


def _stored(store: Rows) -> dict[Key, list[str]]:
    """Return the ids of the stored memories of each discussion, without those that are forgotten."""
    found: dict[Key, list[str]] = {}
    rows = store.columns(["id", "source"], f"{OF_DISCUSSIONS} AND noise <> 'forgotten'").to_pylist()
    for row in rows:
        type_, number, *_, project = json.loads(row["source"])[DISCUSSION:]
        found.setdefault(Key(project, type_, number), []).append(row["id"])
    return found


def _of_commits(archive: Archive, shas: Collection[str], landings: Landings) -> Iterator[Key]:
    """Yield the pull requests of some commits."""
    for sha in shas:
        one = archive.of_commit(sha)
        if one is not None and one.type == "pull_request":
            yield Key(one.project, one.type, one.number)
        for number in landings.numbers.get(sha, ()):
            for other in archive.of_numbers([number]):
                if other.type == "pull_request":
                    yield Key(other.project, other.type, other.number)


class Landings:
    """Finds the commits that pull requests became."""

    def __init__(self, store: Rows, repository: Repository, head: str) -> None:
        self._repository, self._head = repository, head
        rows = store.columns(["commits", "numbers"], "source_type = 'commit'").to_pylist()
        self.numbers = {sha: row["numbers"] for row in rows if row["numbers"] for sha in row["commits"]}

    @cached_property
    def _history(self) -> Ancestors:
        return self._repository.ancestors(self._head)

    @cached_property
    def _commits_of(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for sha, numbers in self.numbers.items():
            for number in numbers:
                found.setdefault(number, []).append(sha)
        return found

    def of(self, archive: Archive, key: Key) -> Landing | None:
        """Return what became of a discussion, None if no commit of the history belongs to it."""
        one = archive.get(*key)
        if one is None or one.type != "pull_request":
            return None
        named = sorted(self._commits_of.get(one.number, ()), key=self._history.number)
        known = [sha for sha in dict.fromkeys((one.merge_commit, *named)) if sha in self._history]
        own = [sha for sha in one.commits if sha in self._history]
        if merge := next((sha for sha in known if len(self._history[sha]) > 1), ""):
            return Landing(merge, tuple(self._history.brought_by(merge) or own))
        commits = sorted({*known, *own}, key=self._history.number)
        if not commits:
            return None
        return Landing(one.merge_commit if one.merge_commit in commits else commits[0], tuple(commits))
