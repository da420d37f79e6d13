"""Ranges of a long history, extracted by any worker into objects that are named by what they were made of.

So a range that was extracted once, by a worker or a client that is gone, is not extracted again, and two workers that
do the same write the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from mom_lsp.fleet.jobs import Job
from mom_lsp.fleet.objects import Objects
from mom_lsp.indexing.extraction_worker import Task, extract_rows
from mom_lsp.memory import clashing_id
from mom_lsp.process.worker_pool import InlineExecutor
from mom_lsp.store import SCHEMA_VERSION
from mom_lsp.store.arrow_rows import SCHEMA

CLASHES = 16  # memories that share author, second and subject; more were never seen


def part_name(repository: str, task: Task) -> str:
    """Return the name of the object for some commits: it changes with them, and with how they are extracted."""
    made_of = (SCHEMA_VERSION, task.rules, task.commits, task.records)
    digest = hashlib.blake2b(repr(made_of).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{_folder(repository)}/{digest}.arrow"


def write_part(job: Job, task: Task, forgotten: frozenset[str]) -> int:
    """Extract some commits into their object, unless it exists; return how many. Raises MomError.

    What was forgotten does not leave, not even for a moment: commits among which there is some get no object, and are
    extracted again when the repository is published.
    """
    objects, name = Objects(job.uri), part_name(job.id, task)
    if not objects.has(name):
        rows = extract_rows(task)
        if forgotten.isdisjoint(_possible_ids(rows["id"].to_pylist())):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_file(sink, SCHEMA, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
                writer.write_table(rows)
            objects.create(name, sink.getvalue().to_pybytes())
    return len(task.commits)


def _possible_ids(ids: Iterable[str]) -> Iterator[str]:
    """Yield the ids that some memories may get once they are merged: those that clash get another one."""
    return (clashing_id(one, ordinal) for one in ids for ordinal in range(CLASHES))


@contextmanager
def reading_parts(objects: Objects, repository: str) -> Iterator[Executor]:
    """Yield an executor that reads the parts that there are, and does everything else in this process."""
    yield _PartReader(objects, repository)


def drop_parts(objects: Objects, repository: str) -> None:
    """Delete the parts of a repository, once its table has their rows."""
    objects.delete(objects.names(_folder(repository)))


class _PartReader(InlineExecutor):
    def __init__(self, objects: Objects, repository: str) -> None:
        self._objects, self._repository = objects, repository
        self._there = frozenset(objects.names(_folder(repository)))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if fn is extract_rows and (rows := self._part(args[0])) is not None:
            future: Future[Any] = Future()
            future.set_result(rows)
            return future
        done: Future[Any] = super().submit(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return done

    def _part(self, task: Task) -> pa.Table | None:
        name = part_name(self._repository, task)
        data = self._objects.read(name) if name in self._there else None
        if not data:
            return None
        try:
            with pa.ipc.open_file(pa.BufferReader(data)) as reader:
                return reader.read_all()
        except pa.ArrowInvalid:  # cut off by a power cut
            return None


def _folder(repository: str) -> str:
    return f"{repository}/parts"
