"""The state for a status bar: sent when it changes, and no work that takes less than a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from editor_here import EditorHere, talk_here
from repositories import Repo, Start

from mom_lsp.server import status_notifier
from mom_lsp.server.first_reading import FirstReading
from mom_lsp.server.status_notifier import StatusNotifier

URI = "file:///r"
IDLE = {"git": True, "indexed": True, "memories": 183, "indexing": None, "working": ""}
SORTING = {"phase": "domains", "done": 0, "total": 1}
BUSY = IDLE | {"indexing": SORTING, "working": "Grouping memories into domains"}


class Client:
    """Receives notifications; the engine's state is whatever a test sets."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state
        self.received: list[dict[str, Any]] = []
        self.protocol = SimpleNamespace(notify=lambda method, sent: self.received.append(sent))
        self.tasks: list[asyncio.Task[None]] = []
        self.notifier = StatusNotifier(self, self.states, FirstReading(lambda message: None))  # type: ignore[arg-type]
        self.notifier.wanted = True

    def start_task(self, coroutine: Any) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))

    async def states(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        yield URI, self.state

    async def told(self, count: int) -> list[str]:
        """Wait for some notifications, and return what each says that the indexer does."""
        async with asyncio.timeout(20):
            while len(self.received) < count:
                await asyncio.sleep(0)
        return [one["working"] for one in self.received]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_notifier, "PAUSE", 0.0)


async def test_work_is_told_only_once_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_notifier, "SHOW_AFTER", 0.05)
    client = Client(BUSY)
    client.notifier.soon()
    assert await client.told(1) == [""] and client.received[0]["indexing"] is None
    assert await client.told(2) == ["", BUSY["working"]] and client.received[1]["indexing"] == SORTING
    client.state = IDLE
    client.notifier.soon()
    assert await client.told(3) == ["", BUSY["working"], ""]


async def test_work_that_ends_soon_is_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_notifier, "SHOW_AFTER", 0.05)
    client = Client(BUSY)
    for state in (IDLE, BUSY, IDLE | {"memories": 184}):
        client.notifier.soon()
        await client.told(1)
        client.state = state
    client.notifier.soon()
    assert await client.told(2) == ["", ""]
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(0.1, over.set)  # after every timer
    await over.wait()
    assert [one["memories"] for one in client.received] == [183, 184]


def test_a_mistake_in_the_settings_file_is_told_at_once(project: Repo, moms: Start) -> None:
    async def talk(editor: EditorHere) -> list[str]:
        editor.server.status.soon()
        await editor.message("mom/state")
        editor.received.clear()
        project.write(".mom.toml", "[hints\n")  # what it sets stays the same
        editor.notify("workspace/didChangeConfiguration", {"settings": None})
        problems: list[str] = (await editor.message("mom/state"))["params"]["problems"]
        return problems

    (problem,) = talk_here(talk, moms(project), capabilities={"experimental": {"mom": {"state": True}}})
    assert ".mom.toml" in problem and problem.endswith("the whole file is ignored")
