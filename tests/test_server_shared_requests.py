"""Requests that are under way: one for all who wait for it, and none once nobody does."""

from __future__ import annotations

import asyncio

import pytest

from mom_lsp.errors import ChildTimeout
from mom_lsp.server.shared_requests import SharedRequests


class Engine:
    """Answers when told to; counts the requests, and those that were cancelled."""

    def __init__(self) -> None:
        self.requests, self.asked, self.cancelled = SharedRequests[int](), 0, 0
        self.answered, self.fails = asyncio.Event(), False

    async def ask(self) -> int:
        self.asked += 1
        try:
            await self.answered.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.fails:
            raise ChildTimeout("late")
        return self.asked

    async def waiting(self, count: int) -> list[asyncio.Task[int]]:
        """Return so many tasks that wait for the same answer."""
        found = [asyncio.ensure_future(self.requests.answer("same", self.ask)) for _ in range(count)]
        while not self.asked:
            await asyncio.sleep(0)
        return found


async def test_all_who_ask_the_same_have_one_answer() -> None:
    engine = Engine()
    waiting = await engine.waiting(3)
    engine.answered.set()
    assert await asyncio.gather(*waiting) == [1, 1, 1]
    assert await engine.requests.answer("same", engine.ask) == 2


async def test_a_request_is_cancelled_with_the_last_who_waits_for_it() -> None:
    engine = Engine()
    first, second = await engine.waiting(2)
    first.cancel()
    await asyncio.wait([first])
    assert not engine.cancelled
    second.cancel()
    await asyncio.wait([second])
    assert (engine.asked, engine.cancelled) == (1, 1)


async def test_all_who_wait_see_the_error() -> None:
    engine = Engine()
    waiting = await engine.waiting(2)
    engine.fails = True
    engine.answered.set()
    for one in waiting:
        with pytest.raises(ChildTimeout):
            await one
