"""Threads for the requests of several clients: the slow ones of one client never hold up those of another."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future

MOST = 32  # threads; they are started when they are needed


class FairPool:
    """Runs calls in threads, at most some for one client: the next call is of the client with the fewest running.

    Of one client, urgent calls come first, then they run in the order of their submission.
    """

    def __init__(self, per_client: int, name: str) -> None:
        self._per_client, self._name = per_client, name
        self._changed = threading.Condition()
        self._waiting: dict[Hashable, tuple[deque[_Call], deque[_Call]]] = {}  # urgent ones, and others
        self._running: Counter[Hashable] = Counter()
        self._threads = self._idle = 0
        self._closed = False

    def submit(self, client: Hashable, function: Callable[[], None], *, urgent: bool = False) -> Future[None]:
        """Schedule a call. Raises RuntimeError after `close`."""
        call: _Call = (Future(), function)
        with self._changed:
            if self._closed:
                raise RuntimeError("the pool is closed")
            self._waiting.setdefault(client, (deque(), deque()))[not urgent].append(call)
            if self._idle < self._startable() and self._threads < MOST:
                self._threads += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
            self._changed.notify()
        return call[0]

    def close(self) -> None:
        """Cancel what has not begun; threads end with their calls."""
        with self._changed:
            self._closed = True
            left = [call for queues in self._waiting.values() for queue in queues for call in queue]
            self._waiting.clear()
            self._changed.notify_all()
        for future, _ in left:
            future.cancel()

    def _startable(self) -> int:
        """How many calls may run now."""
        waiting = {client: sum(map(len, queues)) for client, queues in self._waiting.items()}
        return sum(min(amount, self._per_client - self._running[client]) for client, amount in waiting.items())

    def _work(self) -> None:
        while (chosen := self._next()) is not None:
            client, (future, function) = chosen
            try:
                if future.set_running_or_notify_cancel():
                    _run(future, function)
            finally:
                with self._changed:
                    self._running[client] -= 1
                    if not self._running[client]:
                        del self._running[client]
                    self._changed.notify()

    def _next(self) -> tuple[Hashable, _Call] | None:
        """Wait for the next call to run, None once the pool is closed."""
        with self._changed:
            while not self._closed:
                free = [client for client in self._waiting if self._running[client] < self._per_client]
                if free:
                    client = min(free, key=self._running.__getitem__)
                    queues = self._waiting.pop(client)
                    call = (queues[0] or queues[1]).popleft()
                    if any(queues):
                        self._waiting[client] = queues  # last: among equals, clients take turns
                    self._running[client] += 1
                    return client, call
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
            self._threads -= 1
            return None


_Call = tuple[Future[None], Callable[[], None]]


def _run(future: Future[None], function: Callable[[], None]) -> None:
    try:
        function()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(None)
