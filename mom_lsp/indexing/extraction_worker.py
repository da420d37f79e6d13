"""The part of indexing that runs in worker processes: git, parsing, redaction, extraction. No store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mom_lsp import datafolder
from mom_lsp.annotations import agent_trace
from mom_lsp.annotations.reading import joined
from mom_lsp.annotations.reading import said as said_by
from mom_lsp.annotations.values import NOTHING, Record, Said
from mom_lsp.errors import RepositoryError
from mom_lsp.extract.comments import comment_memories
from mom_lsp.extract.commits import commit_memory
from mom_lsp.extract.documents import document_memories, is_document
from mom_lsp.extract.front_matter import InScope, no_files
from mom_lsp.extract.noise import EMPTY_TITLE, commit_noise, is_generated, is_vendored
from mom_lsp.extract.symbols import USERDIFF_ATTRIBUTES
from mom_lsp.git import Commit, Location, Repository
from mom_lsp.git.decode import read_text
from mom_lsp.git.runner import is_damage
from mom_lsp.indexing.annotations import said_of
from mom_lsp.indexing.commit_talk import About, commit_talk
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.memory import Memory
from mom_lsp.process.worker_pool import worker_count, worker_pool
from mom_lsp.redact import holds_secret, sanitize

if TYPE_CHECKING:
    import pyarrow as pa

MAX_MERGED = 10  # files of a merge that is about each of their lines: its own commits say more, and are read anyway

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Task:
    """Commits, or files of a tree as (path, blob), to extract."""

    location: Location
    rules: IndexRules
    commits: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    records: tuple[Record, ...] = ()  # of the commits
    known: frozenset[str] = frozenset()  # ids of memories with feedback


def extract(task: Task) -> list[Memory]:
    """Return the memories of a task, in order."""
    repository = _repository(task.location)
    return [*_of_commits(repository, task), *_of_files(repository, task)]


def extract_rows(task: Task) -> pa.Table:
    """Return the memories of a task as rows of the store, which reach the writer in a tenth of the time."""
    from mom_lsp.store.arrow_rows import to_table  # imports pyarrow, which workers that read files do without

    return to_table(extract(task))


def _of_commits(repository: Repository, task: Task) -> Iterable[Memory]:
    attributes = attributes_file(task.location.data)
    said = said_of(repository, task.records) if task.records else {}
    about = commit_talk(repository.location).for_batch()
    memories, described = dict[str, Memory](), list[str]()
    for commit in repository.commits(task.commits, attributes=attributes):
        of_commit = said.get(commit.sha, NOTHING)
        if len(commit.parents) > 1 and _is_described(about(commit)[0], of_commit):
            described.append(commit.sha)
        else:
            memories[commit.sha] = _of_commit(commit, task, repository, of_commit, about)
    large, small = _by_size(repository, described)
    for whole in (*large, *repository.commits(small, merges=True, attributes=attributes)):
        memories[whole.sha] = _of_commit(whole, task, repository, said.get(whole.sha, NOTHING), about)
    return [memories[sha] for sha in task.commits if sha in memories]


def _is_described(merge: Commit, said: Said) -> bool:
    """Whether a merge says what it merged, so that its diff is worth reading."""
    noise = commit_noise(merge)
    return not noise or (noise == EMPTY_TITLE and bool(said.remarks))


def _by_size(repository: Repository, merges: Sequence[str]) -> tuple[list[Commit], list[str]]:
    """Return the merges of many files, with their names alone, and those of few, whose diffs are worth reading."""
    listed = list(repository.commits(merges, merges=True, patch=False))
    large = [merge for merge in listed if len(merge.files) > MAX_MERGED]
    return large, [merge.sha for merge in listed if len(merge.files) <= MAX_MERGED]


def _of_commit(commit: Commit, task: Task, repository: Repository, said: Said, about: About) -> Memory:
    excluded = excluder(task.rules.exclude)
    if traces := agent_trace.added(commit):
        said = joined(said, said_by(("", line.encode("utf-8", "replace")) for line in traces))
    included = tuple(
        change
        for change in commit.files
        if not (excluded(change.path) or holds_secret(change.path) or holds_secret(change.old_path or ""))
    )
    told, numbers = about(replace(commit, files=included))
    tree = partial(_paths, repository, commit.sha)
    memory = commit_memory(told, sanitize=sanitize, home=repository.projects, said=said, known=task.known, tree=tree)
    if numbers:
        memory = replace(memory, numbers=tuple(dict.fromkeys((*memory.numbers, *numbers))))
    return replace(memory, noise="excluded") if commit.files and not included else memory


def _paths(repository: Repository, commit: str) -> Iterable[str]:
    """Return the paths of a commit, none if this clone lacks a part of its tree."""
    try:
        return repository.tree(commit)
    except RepositoryError as error:
        if not is_damage(error):
            raise
        return ()


def _of_files(repository: Repository, task: Task) -> Iterator[Memory]:
    paths: dict[str, list[str]] = {}
    for path, blob in task.files:
        paths.setdefault(blob, []).append(path)
    in_scope = partial(_matching, lru_cache(maxsize=1)(lambda: tuple(repository.tree("HEAD"))))
    for blob, data in repository.contents(list(paths), task.rules.max_file_size):
        text = read_text(data)
        for path in paths[blob]:
            yield from file_memories(path, blob, text, task.rules, in_scope)


def _matching(tree: Callable[[], Sequence[str]], globs: Sequence[str]) -> list[str]:
    """Return the paths of a tree, read when first asked for, that some globs match."""
    return [path for path in tree() if excluder(tuple(globs))(path)]


def file_memories(path: str, blob: str, text: str, rules: IndexRules, in_scope: InScope = no_files) -> list[Memory]:
    """Return the memories in the text of one file."""
    if not wanted_file(path, rules) or is_generated(path, text[:2000]):
        return []
    if is_document(path):
        return document_memories(path, blob, text, sanitize=sanitize, in_scope=in_scope) if rules.documents else []
    return comment_memories(path, blob, text, sanitize=sanitize) if rules.comments else []


def wanted_file(path: str, rules: IndexRules) -> bool:
    """Whether a file may hold memories, judged by its path."""
    return not (is_vendored(path) or is_generated(path) or excluder(rules.exclude)(path) or holds_secret(path))


@lru_cache(maxsize=8)
def excluder(globs: tuple[str, ...]) -> Callable[[str], bool]:
    """Return whether a path matches the exclude patterns."""
    if not globs:
        return lambda path: False
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(globs).match_file


@lru_cache(maxsize=4)
def _repository(location: Location) -> Repository:
    return Repository(location)


@lru_cache(maxsize=4)
def attributes_file(data: Path) -> str:
    """Write the hunk-header rules by language to a file for git, and return its path."""
    path = data / datafolder.ATTRIBUTES
    if not path.is_file() or path.read_text("utf-8") != USERDIFF_ATTRIBUTES:
        datafolder.make(data)
        fresh = path.with_suffix(f".{os.getpid()}")  # another worker's git may be reading the old one
        fresh.write_text(USERDIFF_ATTRIBUTES, "utf-8")
        fresh.replace(path)
    return str(path)


def ordered(executor: Executor, work: Callable[[S], T], tasks: Iterable[S]) -> Iterator[T]:
    """Yield the results in task order, with only a few tasks in flight, so that memory stays bounded.

    Once a worker was killed, as happens when memory runs out, each task that is left gets a worker for itself.
    """
    started: list[tuple[S, Future[T]]] = []
    ahead = 2 * worker_count()
    for task in tasks:
        started.append((task, _submitted(executor, work, task)))
        if len(started) >= ahead:
            yield _result(work, *started.pop(0))
    for task, future in started:
        yield _result(work, task, future)


def _submitted(executor: Executor, work: Callable[[S], T], task: S) -> Future[T]:
    try:
        return executor.submit(work, task)
    except BrokenExecutor as error:
        failed = Future[T]()
        failed.set_exception(error)
        return failed


def _result(work: Callable[[S], T], task: S, future: Future[T]) -> T:
    try:
        return future.result()
    except BrokenExecutor:
        with worker_pool(1) as alone:
            return alone.submit(work, task).result()
