"""The part of indexing that runs in worker processes: git, parsing, redaction, extraction. No store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mom_lsp import datafolder
from mom_lsp.extract.comments import comment_memories
from mom_lsp.extract.commits import commit_memory
from mom_lsp.extract.documents import document_memories, is_document
from mom_lsp.extract.noise import is_generated, is_vendored
from mom_lsp.extract.symbols import USERDIFF_ATTRIBUTES
from mom_lsp.git import Commit, Location, Repository
from mom_lsp.git.decode import read_text
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.indexing.worker_pool import worker_count
from mom_lsp.memory import Memory
from mom_lsp.redact import sanitize

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Task:
    """Commits, or files of a tree as (path, blob), to extract."""

    location: Location
    rules: IndexRules
    commits: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


def extract(task: Task) -> list[Memory]:
    """Return the memories of a task, in order."""
    repository = _repository(task.location)
    return [*_of_commits(repository, task), *_of_files(repository, task)]


def extract_rows(task: Task) -> pa.Table:
    """Return the memories of a task as rows of the store, which reach the writer in a tenth of the time."""
    from mom_lsp.store.arrow_rows import to_table  # imports pyarrow, which workers that read files do without

    return to_table(extract(task))


def _of_commits(repository: Repository, task: Task) -> Iterator[Memory]:
    attributes = attributes_file(task.location.data)
    for commit in repository.commits(task.commits, attributes=attributes):
        memory = _of_commit(commit, task.rules, repository.projects)
        if len(commit.parents) > 1 and not memory.noise:  # a merge with a description is worth reading its diff
            whole = next(repository.commits([commit.sha], merges=True, attributes=attributes))
            memory = _of_commit(whole, task.rules, repository.projects)
        yield memory


def _of_commit(commit: Commit, rules: IndexRules, home: Sequence[str]) -> Memory:
    excluded = _excluder(rules.exclude)
    included = tuple(change for change in commit.files if not excluded(change.path))
    memory = commit_memory(replace(commit, files=included), sanitize=sanitize, home=home)
    return replace(memory, noise="excluded") if commit.files and not included else memory


def _of_files(repository: Repository, task: Task) -> Iterator[Memory]:
    paths: dict[str, list[str]] = {}
    for path, blob in task.files:
        paths.setdefault(blob, []).append(path)
    for blob, data in repository.contents(list(paths), task.rules.max_file_size):
        text = read_text(data)
        for path in paths[blob]:
            yield from file_memories(path, blob, text, task.rules)


def file_memories(path: str, blob: str, text: str, rules: IndexRules) -> list[Memory]:
    """Return the memories in the text of one file."""
    if not wanted_file(path, rules) or is_generated(path, text[:2000]):
        return []
    if is_document(path):
        return document_memories(path, blob, text, sanitize=sanitize) if rules.documents else []
    return comment_memories(path, blob, text, sanitize=sanitize) if rules.comments else []


def wanted_file(path: str, rules: IndexRules) -> bool:
    """Whether a file may hold memories, judged by its path."""
    return not (is_vendored(path) or is_generated(path) or _excluder(rules.exclude)(path))


@lru_cache(maxsize=8)
def _excluder(globs: tuple[str, ...]) -> Callable[[str], bool]:
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


def ordered(executor: Executor, work: Callable[[Task], T], tasks: Sequence[Task]) -> Iterator[T]:
    """Yield the results in task order, with only a few tasks in flight, so that memory stays bounded."""
    futures: list[Future[T]] = []
    ahead = 2 * worker_count()
    for task in tasks:
        futures.append(executor.submit(work, task))
        if len(futures) >= ahead:
            yield futures.pop(0).result()
    for future in futures:
        yield future.result()
