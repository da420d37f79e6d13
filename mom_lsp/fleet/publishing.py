"""Bringing one repository up to date in a fleet: a table that is written first, and a manifest that makes it count.

A process may be killed at any instant. Until the manifest is published readers see the version before, and the next
run starts from there; the parts of a long history that were extracted are read again instead of extracted.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property

from mom_lsp.errors import RepositoryError
from mom_lsp.fleet.forgotten import Forgotten, forgotten_in
from mom_lsp.fleet.jobs import Job, Outcome, State
from mom_lsp.fleet.manifest import Manifest, newest, publish
from mom_lsp.fleet.objects import Objects
from mom_lsp.fleet.parts import drop_parts, reading_parts
from mom_lsp.git import Repository
from mom_lsp.indexing.annotations import Annotations
from mom_lsp.indexing.extraction import Pool, history_tasks, missing_commits
from mom_lsp.indexing.extraction_worker import Task
from mom_lsp.indexing.head_extraction import HeadExtraction
from mom_lsp.indexing.marker import Marker
from mom_lsp.indexing.merge import Merger
from mom_lsp.indexing.progress import Control, Report, Summary
from mom_lsp.memory import FORGOTTEN, tombstone
from mom_lsp.store import SCHEMA_VERSION
from mom_lsp.store.rows import Rows
from mom_lsp.store.shared_table import NoRows, SharedTable

LONG = 3_000  # missing commits; from there on they are split into parts


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts of a long history, to be extracted before it is published."""

    tasks: tuple[Task, ...]
    forgotten: frozenset[str]  # ids that must not be in a part


def publish_or_plan(job: Job, long: int = LONG) -> Outcome | Plan:
    """Publish a repository, or return how its history is to be split first. Raises MomError."""
    publication = Publication(job)
    if publication.unchanged():
        return publication.nothing()
    tasks = publication.parts(long)
    return Plan(tasks, publication.forgotten) if tasks else publication.run()


def publish_repository(job: Job, pool: Pool | None = None, report: Report = lambda _: None) -> Outcome:
    """Publish a repository, reading the parts that there are. Raises MomError."""
    publication = Publication(job, report)
    return publication.nothing() if publication.unchanged() else publication.run(pool)


def erase(objects: Objects, repository: str) -> None:
    """Delete everything that was published of a repository. Raises StoreError."""
    names = objects.names(repository)
    objects.delete([name for name in names if "/manifests/" in name])  # readers lose it first
    objects.delete([name for name in names if "/manifests/" not in name])


class Publication:
    """One run for one repository."""

    def __init__(self, job: Job, report: Report = lambda _: None) -> None:
        self._job, self._report = job, report
        self._objects = Objects(job.uri)
        self._summary, self._erased = Summary(), 0
        self._published = newest(self._objects, job.id)
        self._journal: Forgotten = forgotten_in(job.location)

    @cached_property
    def forgotten(self) -> frozenset[str]:
        """What is forgotten in this clone, or was before in any clone and not restored in this one."""
        if self._published is None:
            return self._journal.forgotten
        table = SharedTable.published(self._job.address, self._published.version)
        ids = table.columns(["id"], "noise = 'forgotten'")["id"].to_pylist()
        return self._journal.forgotten | (frozenset(ids) - self._journal.restored)

    @cached_property
    def _repository(self) -> Repository:
        return Repository(self._job.reading)

    @cached_property
    def _head(self) -> str:
        head = self._repository.resolve()
        if head is None:
            raise RepositoryError("it has no commits yet")
        return head

    @property
    def _continued(self) -> Manifest | None:
        """The published manifest, if what it made count was extracted as it would be today."""
        old, rules = self._published, self._job.rules.of_commits
        return old if old and (old.schema, old.rules) == (SCHEMA_VERSION, rules) else None

    def unchanged(self) -> bool:
        """Whether everything is published; opens no table."""
        old, repository = self._continued, self._repository
        if old is None or old.erasing or old.forgotten != self._journal.digest:
            return False
        marker = old.marker
        return (
            old.files == self._job.rules.fingerprint
            and self._head in marker.heads
            and self._head in marker.trees
            and marker.overrides == sorted(repository.overrides)
            and marker.annotations == repository.annotation_refs()
            and not (marker.lacking and not repository.lacks(marker.lacking))
        )

    def parts(self, long: int) -> tuple[Task, ...]:
        """Return the tasks of a history of which more than so many commits are missing; else none."""
        old, repository, head = self._continued, self._repository, self._head
        rows: Rows = SharedTable.published(self._job.address, old.version) if old else NoRows()
        marker = old.marker if old else Marker()
        commits = rows.columns(["commits"], "source_type = 'commit'")["commits"].to_pylist()
        known = {commit for one in commits for commit in one}
        missing = missing_commits(repository, head, marker, known)
        if len(missing) <= long:
            return ()
        annotations = Annotations(repository, head, marker)
        merger = Merger(rows, set())
        tasks = history_tasks(rows, repository, missing, merger, head, self._job.rules, annotations)
        return tuple(task.read() for task in tasks)

    def run(self, pool: Pool | None = None) -> Outcome:
        """Write what is missing, and publish it. Raises MomError, such as Conflict."""
        job, old = self._job, self._continued
        forgotten = self.forgotten
        table = SharedTable.to_write(job.address, old.version if old else None)
        replaced = old is None and table.version > 1  # of other rules, or by a writer that was killed
        marker = replace(old.marker) if old else Marker()
        if old is not None and old.files != job.rules.fingerprint:
            table.delete(table.columns(["id"], "source_type = 'file'")["id"].to_pylist())
            marker.trees = []
        erasing = self._forget(table, marker) or replaced or (old is not None and old.erasing)
        self._extract(table, marker, Merger(table, set(forgotten)), pool)
        published = self._publish(table, marker, erasing=erasing)
        self._tidy(table, published)
        return self._outcome("indexed")

    def nothing(self) -> Outcome:
        """Return that there was nothing to do but to delete parts, if a process was killed before it did."""
        drop_parts(self._objects, self._job.id)
        return self._outcome("unchanged")

    def _outcome(self, state: State) -> Outcome:
        done = self._summary
        return Outcome(
            self._job.name,
            str(self._job.location.root),
            state,
            commits=done.commits,
            memories=done.memories,
            files=done.files,
            forgotten=self._erased,
        )

    def _forget(self, table: SharedTable, marker: Marker) -> bool:
        """Replace forgotten memories by tombstones, and reopen restored ones; whether anything was forgotten."""
        found = table.columns(["id", "noise"]).to_pylist()
        noise = {row["id"]: row["noise"] for row in found}
        forgotten = [one for one in self._journal.forgotten if noise.get(one, FORGOTTEN) != FORGOTTEN]
        self._erased = len(forgotten)
        table.upsert([tombstone(memory) for memory in table.get(forgotten).values()])
        restored = [one for one in self._journal.restored if noise.get(one) == FORGOTTEN]
        if restored:
            table.delete(restored)
            marker.heads, marker.trees = [], []
        return bool(forgotten)

    def _extract(self, table: SharedTable, marker: Marker, merger: Merger, pool: Pool | None) -> None:
        control = Control(self._report, threading.Event())
        job, pool = self._job, pool or self._reading_parts
        HeadExtraction(job.reading, job.rules, control, self._summary, pool).run(table, marker, merger)

    def _reading_parts(self, _amount: int) -> AbstractContextManager[Executor]:
        return reading_parts(self._objects, self._job.id)

    def _publish(self, table: SharedTable, marker: Marker, *, erasing: bool) -> Manifest:
        table.sync()
        manifest = Manifest(
            name=self._job.name,
            version=table.version,
            rows=table.count(),
            published=int(time.time()),
            rules=self._job.rules.of_commits,
            files=self._job.rules.fingerprint,
            marker=marker,
            forgotten=self._journal.digest,
            erasing=erasing,
            number=self._published.number if self._published else 0,
        )
        return publish(self._objects, self._job.id, manifest)

    def _tidy(self, table: SharedTable, published: Manifest) -> None:
        """Delete the parts, merge small files, and erase what is forgotten; each version counts before others go."""
        drop_parts(self._objects, self._job.id)
        if not (published.erasing or table.scattered):
            return
        table.compact()
        published = self._again(table, published)
        if published.erasing:
            table.compact(erase=True)
            self._again(table, replace(published, erasing=False))

    def _again(self, table: SharedTable, manifest: Manifest) -> Manifest:
        table.sync()
        return publish(self._objects, self._job.id, replace(manifest, version=table.version))
