"""The part of indexing that runs in worker processes: git, parsing, redaction, extraction. No store."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import connection, get_context, parent_process
from pathlib import Path

from mom_lsp import datafolder
from mom_lsp.extract.comments import comment_memories
from mom_lsp.extract.commits import commit_memory
from mom_lsp.extract.documents import document_memories, is_document
from mom_lsp.extract.noise import is_generated, is_vendored
from mom_lsp.extract.symbols import USERDIFF_ATTRIBUTES
from mom_lsp.git import Commit, Location, Repository
from mom_lsp.git.decode import read_text
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.memory import Memory
from mom_lsp.process.priority import usable_cores
from mom_lsp.redact import sanitize

MAX_WORKERS = 4
NICE = 10  # lower priority than the engine that answers meanwhile
INLINE_COMMITS = 64  # up to so many are faster in this process than in a new one


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


class InlineExecutor(Executor):
    """Runs each call at once in this process."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN201
        """Return the finished future of a call."""
        future: Future[object] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


def worker_count() -> int:
    """Return the number of worker processes: one per usable core, four at most."""
    return min(MAX_WORKERS, usable_cores())


@contextmanager
def workers(amount: int) -> Iterator[Executor]:
    """Yield an executor for this many commits or files: this process, or a pool that ends with it."""
    if amount <= INLINE_COMMITS:
        yield InlineExecutor()
        return
    pool = ProcessPoolExecutor(worker_count(), mp_context=get_context("spawn"), initializer=_end_with_parent)
    pool.submit(int)  # starts the processes while the caller prepares its first task
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end_with_parent() -> None:
    """End this worker when its parent is gone, even killed: the pool's own pipes do not show that."""
    parent = parent_process()
    if hasattr(os, "nice"):
        os.nice(NICE)

    def wait() -> None:
        if parent is not None:
            connection.wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def ordered(executor: Executor, tasks: Sequence[Task]) -> Iterator[list[Memory]]:
    """Yield the results in task order, with only a few tasks in flight, so that memory stays bounded."""
    futures: list[Future[list[Memory]]] = []
    ahead = 2 * worker_count()
    for task in tasks:
        futures.append(executor.submit(extract, task))
        if len(futures) >= ahead:
            yield futures.pop(0).result()
    for future in futures:
        yield future.result()
