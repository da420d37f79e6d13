"""Which notes and checkpoints belong to which commits, and which commits have to be read again since theirs changed.

Git keeps them by the names of commits, which a rebase or a squash changes. What belongs to a commit that is not in the
history goes to what became of it: the commit with the same author, time and subject, or the squash that lists its
title, as code hosts write it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from mom_lsp.annotations.entire import REFS, checkpoint_at, checkpoints_of, files_of
from mom_lsp.annotations.reading import MAX_SIZE, said
from mom_lsp.annotations.values import NOTHING, Record, Said
from mom_lsp.errors import RepositoryError
from mom_lsp.extract.remarks import remarks_text
from mom_lsp.git import Repository
from mom_lsp.git.annotations import NOTES, annotated_commit
from mom_lsp.indexing.marker import Marker
from mom_lsp.memory import commit_memory_id

if TYPE_CHECKING:
    from mom_lsp.store.rows import Rows

log = logging.getLogger(__name__)

LEAST_TITLE = 12  # characters of a title by which a squashed commit is recognised
_NUMBER = re.compile(r" \(#\d+\)$")
LISTED = "*-\u2022+ \t\r"  # what stands around the title of each commit in a squash


class Annotations:
    """The notes and checkpoints of one repository."""

    def __init__(self, repository: Repository, head: str | None, marker: Marker) -> None:
        """Start without reading more than the names of the refs.

        Args:
            repository: to read.
            head: whose history counts; None if there is none.
            marker: of the last pass.
        """
        self.refs = repository.annotation_refs()
        self._repository, self._head = repository, head
        self._before, self._silent_before = dict(marker.annotations), frozenset(marker.silent)
        self._has_checkpoints = any(not ref.startswith(NOTES) for ref in self.refs)

    def of(self, commits: Sequence[str]) -> tuple[Record, ...]:
        """Return the records of some commits, in their order."""
        if not self.refs:
            return ()
        found = {sha: list(self._notes.get(sha, ())) for sha in commits}
        if self._has_checkpoints or self._rewritten:
            for commit in self._repository.messages(commits):
                checkpoints = checkpoints_of(commit.message) if self._has_checkpoints else ()
                found[commit.sha] += (file for one in checkpoints for file in files_of(one, self.refs))
                identity = commit_memory_id(commit.emails, commit.author_time, _subject(commit.message))
                for old in self._rewritten.of(identity, commit.message):
                    found[commit.sha] += self._notes[old]
        return tuple(Record(sha, *record) for sha in commits for record in dict.fromkeys(found[sha]))

    @cached_property
    def silent(self) -> list[str]:
        """The refs whose notes all say nothing, such as an archive of 40,000 message ids: they cost nothing more."""
        return [ref for ref in self.refs if ref.startswith(NOTES) and self._is_silent(ref)]

    def _is_silent(self, ref: str) -> bool:
        before, after = self._before.get(ref, "") if ref in self._silent_before else "", self.refs[ref]
        if before == after:
            return True
        changes = self._changes(ref, before, after)
        blobs = dict.fromkeys(blob for path, _, blob in changes if blob and annotated_commit(path))
        return not any(_tells(said([("", data)])) for _, data in self._repository.contents(list(blobs), MAX_SIZE))

    def again(self, store: Rows) -> set[str]:
        """Return the indexed commits about which other things are said now than when they were indexed."""
        if self.refs == self._before:
            return set()
        rows = store.columns(["id", "commits", "trailers"], "source_type = 'commit'").to_pylist()
        known = {sha for row in rows for sha in row["commits"]}
        if not known:
            return set()
        found, rewritten, checkpoints = set[str](), set[str](), set[str]()
        for ref in {**self._before, **self.refs}:
            before, after = self._before.get(ref, ""), self.refs.get(ref, "")
            if before == after or (ref in self.silent and (not before or ref in self._silent_before)):
                continue
            if ref.startswith(NOTES):
                changed = self._changed_notes(ref, before, after)
                found |= changed & known
                rewritten |= changed - self._history
            else:
                checkpoints |= self._changed_checkpoints(ref, before, after)
        if rewritten:
            found |= self._became(rewritten, {row["id"]: row["commits"] for row in rows})
        for row in rows if checkpoints else ():
            if "Entire-Checkpoint" in row["trailers"] and any(one in row["trailers"] for one in checkpoints):
                found.update(row["commits"])
        return found

    @cached_property
    def _history(self) -> frozenset[str]:
        return frozenset(self._repository.history(self._head) if self._head else ())

    @cached_property
    def _notes(self) -> dict[str, list[tuple[str, str]]]:
        """The notes of each commit, as (blob, "")."""
        found: dict[str, list[tuple[str, str]]] = {}
        for ref, tip in self.refs.items():
            tells = ref.startswith(NOTES) and ref not in self.silent
            for path, _, blob in self._changes(ref, "", tip) if tells else ():
                if commit := annotated_commit(path):
                    found.setdefault(commit, []).append((blob, ""))
        return found

    @cached_property
    def _rewritten(self) -> Rewritten:
        """The commits that have notes and are not in the history."""
        return Rewritten(self._repository, self._notes.keys() - self._history if self._notes else ())

    def _changed_notes(self, ref: str, before: str, after: str) -> set[str]:
        """Return the commits about which the notes of a ref say something else than before."""
        changes = [(annotated_commit(path), old, new) for path, old, new in self._changes(ref, before, after)]
        blobs = list(dict.fromkeys(blob for commit, *both in changes if commit for blob in both if blob))
        say = dict.fromkeys(["", *blobs], NOTHING)
        for blob, data in self._repository.contents(blobs, MAX_SIZE):
            one = said([("", data)])
            say[blob] = one if _tells(one) else NOTHING
        return {commit for commit, old, new in changes if commit and say[old] != say[new]}

    def _changed_checkpoints(self, ref: str, before: str, after: str) -> set[str]:
        paths = [""] if ref.startswith(REFS) else [path for path, _, _ in self._changes(ref, before, after)]
        return {checkpoint_at(ref, path) for path in paths} - {""}

    def _changes(self, ref: str, before: str, after: str) -> list[tuple[str, str, str]]:
        """Return (path, old blob, new blob) of what changed at a ref; nothing if its trees cannot be read."""
        try:
            if not after:  # the ref was deleted
                return [(path, blob, "") for path, _, blob in self._repository.changed_blobs("", before)]
            return list(self._repository.changed_blobs(before, after))
        except RepositoryError as error:  # a partial clone, or a broken tree
            log.warning("%s cannot be read: %s", ref, error)
            return []

    def _became(self, rewritten: Collection[str], stored: Mapping[str, Sequence[str]]) -> set[str]:
        """Return the indexed commits that others became: those with the same identity, and squashes."""
        old = Rewritten(self._repository, rewritten)
        found = {sha for identity in old.by_identity for sha in stored.get(identity, ())}
        if old.by_title and self._head:
            for commit in self._repository.messages(self._repository.history(self._head)):
                if any(old.squashed(commit.message)):
                    found.add(commit.sha)
        return found


class Rewritten:
    """Commits that a rebase or a squash left behind, as long as git still has them."""

    def __init__(self, repository: Repository, commits: Iterable[str]) -> None:
        """Read the names of some commits."""
        self.by_identity: dict[str, list[str]] = {}
        self.by_title: dict[str, set[str]] = {}  # identities
        for sha, emails, author_time, _, subject in repository.keys(sorted(commits)):
            identity = commit_memory_id(emails, author_time, subject)
            self.by_identity.setdefault(identity, []).append(sha)
            if len(subject) >= LEAST_TITLE:
                self.by_title.setdefault(subject, set()).add(identity)

    def __bool__(self) -> bool:
        return bool(self.by_identity)

    def of(self, identity: str, message: str) -> list[str]:
        """Return the commits that became one with this identity and message."""
        return list(dict.fromkeys([*self.by_identity.get(identity, ()), *self.squashed(message)]))

    def squashed(self, message: str) -> Iterator[str]:
        """Yield the commits whose titles the body of a message lists, or that it has with the number of a pull request.

        A title that several commits have is of none.
        """
        subject, *lines = message.strip().split("\n")
        numbered = _NUMBER.sub("", subject)
        for title in [*(line.strip(LISTED) for line in lines), *([numbered] if numbered != subject else ())]:
            if len(identities := self.by_title.get(title, ())) == 1:
                yield from self.by_identity[next(iter(identities))]


def _tells(found: Said) -> bool:
    return bool(found.agents or found.problems or remarks_text(found, "", str))


def _subject(message: str) -> str:
    return message.strip().partition("\n")[0]


def said_of(repository: Repository, records: Sequence[Record]) -> dict[str, Said]:
    """Return what the records of some commits say, by commit, and warn of those that cannot be read.

    Args:
        repository: of the records.
        records: those of one commit next to each other: only its texts are in memory at a time.
    """
    found: dict[str, Said] = {}
    commit, texts = "", list[tuple[str, bytes]]()
    rest = iter(records)
    for name, data in repository.contents([record.object for record in records], MAX_SIZE):
        record = next(one for one in rest if one.object == name)  # those before it do not exist, or are too large
        if record.commit != commit:
            found[commit] = _said(commit, texts)
            commit, texts = record.commit, []
        texts.append((record.path, data))
    return found | {commit: _said(commit, texts)}


def _said(commit: str, texts: Sequence[tuple[str, bytes]]) -> Said:
    found = said(texts)
    for problem in found.problems:
        log.warning("a record of commit %s is not shown: %s", commit[:10], problem)
    return found
