"""Bulk indexing on Dask: a cluster on this machine for the time of the run, or one that is already there.

A repository is one task, unless its history is long: then its parts are tasks of their own, which any worker does, and
publishing it is the last one. A task that lost its worker runs again on another one.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any
from uuid import uuid4

from mom_lsp.errors import ChildError, UsageError
from mom_lsp.fleet.jobs import Job, Outcome
from mom_lsp.fleet.on_local import Done
from mom_lsp.fleet.parts import write_part
from mom_lsp.fleet.publishing import LONG, Plan, publish_or_plan, publish_repository
from mom_lsp.process.priority import usable_cores

LOST_WORKERS = 5  # that one task may cost before its repository counts as failed
POLL = 0.2  # seconds after which a stop is noticed
CONNECT = 10.0  # seconds
LOOK = 5.0  # seconds between two looks at the workers
GONE, ALONE = 60.0, 300.0  # seconds after which a worker is given up, and without any worker after which a run ends
LOST = "lost the Dask scheduler: run the same command again to resume"
OPTIONS = {
    "distributed.scheduler.allowed-failures": LOST_WORKERS,
    "distributed.worker.multiprocessing-method": "spawn",  # LanceDB cannot be forked
    "distributed.scheduler.http.routes": [],  # pages that anybody on this machine could read
    "distributed.worker.http.routes": [],
}


def index_on_dask(
    jobs: Sequence[Job], done: Done, stop: Event, *, workers: int = 0, scheduler: str = "", long: int = LONG
) -> None:
    """Publish repositories, and report each.

    Args:
        jobs: large repositories first.
        done: called with each outcome.
        stop: ends the run; what was written stays.
        workers: processes of a cluster on this machine; 0 for one per core.
        scheduler: the address of a running cluster instead. Its workers must see the repositories at the same paths,
            and have the same version of mom.
        long: commits from which on a history is split.

    Raises:
        UsageError: the `fleet` extra is missing.
        ChildError: the scheduler was lost, or cannot be reached.
    """
    with _client(workers, scheduler) as (client, replace_workers):
        _Run(client, done, long, replace_workers).run(jobs, stop)


class _Run:
    """The tasks of one run. Each belongs to a repository, so that a failure has a name."""

    def __init__(self, client: Any, done: Done, long: int, replace_workers: Callable[[], None]) -> None:
        self._client, self._done, self._long = client, done, long
        self._replace_workers, self._next_look, self._alone_since = replace_workers, 0.0, math.inf
        self._tasks: dict[Any, Job] = {}
        self._parts: dict[str, int] = {}  # that are not extracted yet, by repository
        self._failed: set[str] = set()
        self._ended: SimpleQueue[Any] = SimpleQueue()

    def run(self, jobs: Sequence[Job], stop: Event) -> None:
        """Index until every job has an outcome, or until it is stopped. Raises ChildError."""
        for job in jobs:
            self._submit(job, publish_or_plan, job, self._long)
        while self._tasks:
            if stop.is_set():
                self._client.cancel(list(self._tasks), force=True)
                return
            try:
                self._take(self._ended.get(timeout=POLL))
            except Empty:
                self._look_after_workers()

    def _look_after_workers(self) -> None:
        """Replace workers that are gone for good. Raises ChildError.

        Dask gives up one that takes longer to start again than `distributed.deploy.lost-worker-timeout`.
        """
        if self._client.status not in ("running", "connecting"):
            raise ChildError(LOST)
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK
        try:
            working = len(self._client.nthreads())
        except (OSError, TimeoutError) as error:
            raise ChildError(LOST) from error
        self._alone_since = math.inf if working else min(self._alone_since, now)
        if now > self._alone_since + ALONE:
            raise ChildError("no Dask worker is left: start some, then run the same command again to resume")
        self._replace_workers()

    def _take(self, future: Any) -> None:
        """Handle a task that ended: report its repository, or submit what comes next."""
        job = self._tasks.pop(future)
        if future.status == "cancelled" or self._client.status not in ("running", "connecting"):
            raise ChildError(LOST)
        if job.id in self._failed:
            return  # another part of it failed
        if future.status == "error":
            self._fail(job, future.exception())
            return
        try:
            found = future.result(timeout=LOOK)
        except TimeoutError:  # it was lost with the worker that had it, and is being made again
            self._tasks[future] = job
            self._ended.put(future)
            self._look_after_workers()
            return
        except Exception as error:
            self._fail(job, error)
            return
        if isinstance(found, Outcome):
            self._done(found)
        elif isinstance(found, Plan):
            self._parts[job.id] = len(found.tasks)
            for task in found.tasks:
                self._submit(job, write_part, job, task, found.forgotten, priority=1)  # before other repositories begin
        else:
            self._parts[job.id] -= 1
            if not self._parts[job.id]:
                self._submit(job, publish_repository, job, priority=1)

    def _fail(self, job: Job, error: BaseException) -> None:
        self._failed.add(job.id)
        if type(error).__name__ == "KilledWorker":
            error = ChildError(f"{LOST_WORKERS} workers died while they read it: give them more memory, or run again")
        self._done(Outcome.failure(job.name, job.location.root, error))

    def _submit(self, job: Job, work: Callable[..., Any], *args: Any, priority: int = 0) -> None:
        future = self._client.submit(
            work, *args, pure=False, priority=priority, key=f"{work.__name__}-{job.name}-{uuid4().hex}"
        )
        self._tasks[future] = job
        future.add_done_callback(self._ended.put)


@contextmanager
def _client(workers: int, scheduler: str) -> Iterator[tuple[Any, Callable[[], None]]]:
    """Yield a client, and a function that replaces workers that are gone, where they are ours.

    The client is one of a running cluster, or of one that ends with the block. Raises UsageError and ChildError.
    """
    os.environ.setdefault("PYTHONSAFEPATH", "1")  # a worker imports nothing from the folder that this was started in
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            "--on dask needs the `fleet` extra: pip install 'mom-lsp[fleet]', or use --on local"
        ) from error
    with dask.config.set(OPTIONS):
        if scheduler:
            try:
                client = Client(scheduler, timeout=CONNECT, set_as_default=False)
            except (OSError, TimeoutError) as error:
                raise ChildError(
                    f"no Dask scheduler answers at {scheduler}: start one with `dask scheduler`"
                ) from error
            with client:
                yield client, lambda: None
            return
        count = workers or usable_cores()
        with _cluster(count) as cluster, Client(cluster, security=cluster.security, set_as_default=False) as client:
            yield client, _Replacement(cluster, count).run


class _Replacement:
    """Brings a cluster of this machine back to its number of workers."""

    def __init__(self, cluster: Any, count: int) -> None:
        self._cluster, self._count = cluster, count
        self._missing: dict[Any, float] = {}  # workers that the scheduler does not know, and since when

    def run(self) -> None:
        """Start what is missing, and give up workers that have not come back for long."""
        now, known = time.monotonic(), {one["name"] for one in self._cluster.scheduler_info["workers"].values()}
        self._missing = {name: self._missing.get(name, now) for name in self._cluster.worker_spec if name not in known}
        for name, since in self._missing.items():
            if now > since + GONE:
                self._cluster.worker_spec.pop(name, None)
        self._cluster.scale(self._count)


def _cluster(count: int) -> Any:
    """Return a cluster on this machine. Raises ChildError if it does not start."""
    from distributed import LocalCluster
    from distributed.security import Security

    try:
        return LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            host="127.0.0.1",
            # Whoever reaches the scheduler can run code: certificates of this run keep other users of the machine out.
            protocol="tls",
            security=Security.temporary(),
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
    except (RuntimeError, OSError) as error:  # such as a worker that was killed as it started
        raise ChildError(f"the Dask cluster did not start ({error}): run the command again") from error
