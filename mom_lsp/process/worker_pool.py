"""Worker processes: spawned, at low priority, and gone as soon as their parent is, even if it was killed."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process

from mom_lsp.errors import ChildError
from mom_lsp.process.priority import usable_cores

MAX_WORKERS = 4
NICE = 10  # lower priority than the engine that answers meanwhile
INLINE_COMMITS = 64  # up to so many are faster in this process than in a new one
KILLED = "a worker process was killed, probably because memory ran out: close other programs, and try again"


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
    with worker_pool(worker_count()) as pool:
        yield pool


@contextmanager
def worker_pool(count: int) -> Iterator[Executor]:
    """Yield a pool of so many processes. Raises ChildError if one of them was killed, and the caller let that pass."""
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_start)
    for _ in range(count):  # starts the processes while the caller prepares its first task, and none later:
        pool.submit(int)  # concurrent.futures waits forever for one that it starts while another one dies
    try:
        yield pool
    except BrokenExecutor as error:
        raise ChildError(KILLED) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start() -> None:
    end_with_parent()
    gc.disable()  # what a worker makes has no cycles, and looking for some took a sixth of its time


def end_with_parent() -> None:
    """Lower the priority of this worker, and end it when its parent is gone: busy, it would not notice."""
    parent = parent_process()
    if hasattr(os, "nice"):
        os.nice(NICE)

    def wait() -> None:
        if parent is not None:
            connection.wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
