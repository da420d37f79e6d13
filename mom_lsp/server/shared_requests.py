"""Requests that are under way: whoever asks the same waits for the same answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class SharedRequests(Generic[V]):
    """Requests by key. One is cancelled once nobody waits for it. All methods belong to the event loop's thread."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[V]] = {}
        self._waiting = Counter[Hashable]()

    async def answer(self, key: Hashable, ask: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """Return the answer to the request that is under way, or to a new one. Raises what it raises."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.get_running_loop().create_task(ask())
        self._waiting[key] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key], self._tasks[key]
                task.cancel()
