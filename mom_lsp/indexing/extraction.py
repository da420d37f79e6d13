"""Extracting what the store lacks of one HEAD: commits, files, or a plain folder. Runs under the writer lease."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from hashlib import sha1
from pathlib import Path
from typing import TypeVar

from mom_lsp.git import Location, Repository, TreeEntry
from mom_lsp.git.decode import read_text
from mom_lsp.indexing.annotations import Annotations
from mom_lsp.indexing.duplicates import DuplicateFilter
from mom_lsp.indexing.extraction_worker import Task, extract, extract_rows, file_memories, ordered, wanted_file
from mom_lsp.indexing.folder_files import files_of, load_record, save_record
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.indexing.marker import Marker
from mom_lsp.indexing.merge import Merger
from mom_lsp.indexing.progress import Control, Summary
from mom_lsp.memory import Memory, commit_memory_id
from mom_lsp.process.worker_pool import workers
from mom_lsp.store.rows import Rows

FIRST_CHUNK = 100  # commits; small, so that suggestions start within seconds
CHUNK = 1_000
FILE_CHUNK = 200
SETTLED = 2_000_000_000  # nanoseconds after which no change has the time of the one before: two seconds on FAT
COMPLETE_HEADS = 4  # whose history is not listed again
COMPARED_TREES = 16  # whose files are not read again
FEW_PATHS = 200  # that changed: they are looked up alone
T = TypeVar("T")
Pool = Callable[[int], AbstractContextManager[Executor]]  # for so many commits or files


def index_history(
    store: Rows,
    repository: Repository,
    head: str,
    rules: IndexRules,
    marker: Marker,
    merger: Merger,
    control: Control,
    summary: Summary,
    annotations: Annotations,
    again: Collection[str] = (),
    pool: Pool = workers,
) -> set[str]:
    """Index the ancestors of a commit that are not in the store yet, newest first; return all that were read.

    Those in `again` are read in any case.
    """
    rows = store.columns(["commits"], "source_type = 'commit'")["commits"].to_pylist()
    known = {commit for commits in rows for commit in commits}
    missing = missing_commits(repository, head, marker, known, again)
    if not missing:
        return set()
    control.indexed(len(known))
    done = 0
    with pool(len(missing)) as executor:  # they start while groups are looked for
        tasks = history_tasks(store, repository, missing, merger, head, rules, annotations)
        total = sum(task.size for task in tasks)
        control.step("history", 0, total)
        results = ordered(executor, extract_rows, (task.read() for task in tasks))
        for task, rows in zip(tasks, results, strict=True):
            write = merger.write_groups if task.grouped else merger.write_rows
            summary.memories += write(rows)
            summary.commits += rows.num_rows
            done += rows.num_rows
            control.step("history", done, total)
            control.indexed(len(known) + done)
    return set(missing)


def missing_commits(
    repository: Repository, head: str, marker: Marker, known: Collection[str], again: Collection[str] = ()
) -> list[str]:
    """Return the commits that have to be read, newest first: ancestors of HEAD that are not known, and those `again`.

    Those in `again` may be of other branches, as long as git has them.
    """
    complete = [one for one in marker.heads[:COMPLETE_HEADS] if repository.has(one) and not again]
    history = repository.history(head, without=complete)
    missing = [sha for sha in history if sha not in known or sha in again]
    if again:
        others = sorted((set(known) & set(again)).difference(history))
        missing += [sha for sha, *_ in repository.keys(others)]
    return missing


@dataclass(frozen=True, slots=True)
class HistoryTask:
    """Some commits to be read together. The notes on them are looked up when its turn comes."""

    commits: Sequence[str]
    grouped: bool  # whether some of them share an identity, so that one memory may hold several
    read: Callable[[], Task]

    @property
    def size(self) -> int:
        """The number of commits."""
        return len(self.commits)


def history_tasks(
    store: Rows,
    repository: Repository,
    missing: Sequence[str],
    merger: Merger,
    head: str,
    rules: IndexRules,
    annotations: Annotations,
) -> list[HistoryTask]:
    """Return the tasks of reading some commits, the same for the same rows and repository."""
    groups = [group for group in grouped(store, repository, missing, merger, head) if len(group) > 1]
    shared = {sha for group in groups for sha in group}
    plain = [sha for sha in missing if sha not in shared]
    chunks = [
        plain[:FIRST_CHUNK],
        plain[FIRST_CHUNK:CHUNK],
        *_together(groups, CHUNK),
        *_chunks(plain[CHUNK:], CHUNK),
    ]
    return [
        HistoryTask(
            chunk, chunk[0] in shared, partial(commit_task, repository, rules, chunk, annotations, merger.known)
        )
        for chunk in chunks
        if chunk
    ]


def commit_task(
    repository: Repository, rules: IndexRules, commits: Sequence[str], annotations: Annotations, known: frozenset[str]
) -> Task:
    """Return the task of extracting some commits with what is said about them."""
    return Task(repository.location, rules, commits=tuple(commits), records=annotations.of(commits), known=known)


def grouped(
    store: Rows, repository: Repository, shas: Sequence[str], merger: Merger, head: str | None
) -> list[list[str]]:
    """Group commits that share author, second and subject, each group oldest first.

    Stored commits belong to the groups too, as long as git still has them.
    """
    groups: dict[str, list[tuple[int, str]]] = {}

    def add(commits: Sequence[str]) -> None:
        for sha, emails, author_time, commit_time, subject in repository.keys(commits):
            identity = commit_memory_id(emails, author_time, subject, merger.known)
            groups.setdefault(identity, []).append((commit_time, sha))

    add(shas)
    members = {member for identity in groups for member in merger.group(identity)}
    rows = store.columns(["id", "commits"], "source_type = 'commit'").to_pylist() if members else []
    add(sorted({sha for row in rows if row["id"] in members for sha in row["commits"]} - set(shas)))
    history = repository.history(head) if head and any(len(group) > 1 for group in groups.values()) else []
    place = {sha: -at for at, sha in enumerate(history)}  # within one second parents come first

    def age(commit: tuple[int, str]) -> tuple[int, int, str]:
        time, sha = commit
        return time, place.get(sha, -len(history)), sha

    return [[sha for _, sha in sorted(group, key=age)] for group in groups.values()]


def index_files(
    repository: Repository,
    head: str,
    rules: IndexRules,
    marker: Marker,
    merger: Merger,
    duplicates: DuplicateFilter,
    control: Control,
    summary: Summary,
    pool: Pool = workers,
) -> None:
    """Index the files of a commit that are in no tree indexed lately."""
    entries = _new_files(repository, head, [tree for tree in marker.trees[:COMPARED_TREES] if repository.has(tree)])
    wanted = [(e.path, e.blob) for e in entries if e.size <= rules.max_file_size and wanted_file(e.path, rules)]
    tasks = [Task(repository.location, rules, files=tuple(chunk)) for chunk in _chunks(wanted, FILE_CHUNK)]
    with pool(len(wanted)) as executor:
        for task, memories in zip(tasks, ordered(executor, extract, tasks), strict=True):
            summary.memories += merger.write(duplicates.new(memories))
            summary.files += len(task.files)
            control.step("files", summary.files, len(wanted))
            control.indexed(summary.commits + summary.files)


def _new_files(repository: Repository, head: str, trees: Sequence[str]) -> list[TreeEntry]:
    """Return the files of a commit that are in none of some other trees, newest tree first."""
    paths = repository.changed_paths(trees[0], head) if trees else None
    if paths is not None and len(paths) > FEW_PATHS:
        paths = None  # one by one they would take longer
    entries = [] if paths == [] else list(repository.tree(head, paths or ()).values())
    for tree in trees if entries else ():
        seen = {(entry.path, entry.blob) for entry in repository.tree(tree, paths or ()).values()}
        entries = [entry for entry in entries if (entry.path, entry.blob) not in seen]
    return entries


def index_folder(
    store: Rows,
    location: Location,
    rules: IndexRules,
    marker: Marker,
    merger: Merger,
    duplicates: DuplicateFilter,
    control: Control,
    summary: Summary,
) -> None:
    """Index a folder without git as it is now, and remove memories that its files no longer hold.

    Files that are as they were when they were read are not read again.
    """
    rows = store.columns(["id", "blobs"], "source_type = 'file'").to_pylist()
    before = {row["id"]: set(row["blobs"]) for row in rows}
    began = time.time_ns()
    files, known = files_of(location.root, rules), load_record(location.data, marker.files)
    record = {path: known[path] for path, stamp in files.items() if path in known and known[path][0] == stamp}
    now = {identity for _, ids in record.values() for identity in ids}
    unread = [path for path in files if path not in record]
    for chunk in _chunks(unread, FILE_CHUNK):
        found = {path: _of_folder(location.root, path, rules) for path in chunk}
        fresh = duplicates.new([memory for memories in found.values() for memory in memories])
        new = {memory.id for memory in fresh}
        now |= new
        changed = [memory for memory in fresh if not before.get(memory.id, set()).issuperset(memory.blobs)]
        if changed:
            summary.memories += merger.write(changed)
        for path in chunk:
            if abs(files[path].modified - began) > SETTLED:  # what is written now gets no time that is still to come
                record[path] = files[path], [memory.id for memory in found[path] if memory.id in new]
        summary.files += len(chunk)
        control.step("files", summary.files, len(unread))
        control.indexed(summary.files)
    store.delete(before.keys() - now)
    if record != known:
        marker.files = save_record(location.data, record)


def _of_folder(root: Path, path: str, rules: IndexRules) -> list[Memory]:
    """Return the memories of one file, none if it is unreadable (it may be gone) or binary."""
    try:
        data = (root / path).read_bytes()
    except OSError:
        return []
    if b"\0" in data[:8192]:
        return []
    blob = sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return file_memories(path, blob, read_text(data), rules)


def _together(groups: Sequence[Sequence[str]], size: int) -> Iterator[Sequence[str]]:
    """Yield chunks of about this size, with whole groups."""
    chunk: list[str] = []
    for group in groups:
        chunk += group
        if len(chunk) >= size:
            yield chunk
            chunk = []
    yield chunk


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
