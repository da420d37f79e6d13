"""Progress bars: only for long jobs, each with its own token, all of them ended."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from mom_lsp.server import progress_bars
from mom_lsp.server.progress_bars import ProgressBars


class RecordingServer:
    """Stands in for the server, and records what a client would receive."""

    def __init__(self, shows: bool = True) -> None:
        self.sent: list[tuple[str, str, Any]] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.client_capabilities = SimpleNamespace(window=SimpleNamespace(work_done_progress=shows))
        self.work_done_progress = self
        self.tokens: dict[str, None] = {}

    async def create_async(self, token: str) -> None:
        self.tokens[token] = None

    def begin(self, token: str, value: Any) -> None:
        self.sent.append(("begin", token, value.title))

    def report(self, token: str, value: Any) -> None:
        self.sent.append(("report", token, value.percentage))

    def end(self, token: str, value: Any) -> None:
        self.sent.append(("end", token, value.message))

    def start_task(self, coroutine: Any) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))

    async def settle(self) -> None:
        """Let the timer fire, and run what it starts."""
        fired = asyncio.Event()
        asyncio.get_running_loop().call_later(0, fired.set)
        await fired.wait()
        await asyncio.gather(*self.tasks)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_bars, "SHOW_AFTER", 0.0)


def report(phase: str, done: int, total: int) -> dict[str, Any]:
    return {"root": "/r", "phase": phase, "done": done, "total": total, "message": ""}


async def test_a_long_job_begins_reports_and_ends() -> None:
    server = RecordingServer()
    bars = ProgressBars(server)  # type: ignore[arg-type]
    bars.report(report("history", 1, 4))
    await server.settle()
    bars.report(report("history", 2, 4))
    bars.report(report("history", 4, 4))
    assert [(what, value) for what, _, value in server.sent] == [
        ("begin", "Reading history"),
        ("report", 50),
        ("end", None),
    ]
    assert len({token for _, token, _ in server.sent}) == 1
    assert not server.tokens


async def test_a_short_job_shows_nothing() -> None:
    server = RecordingServer()
    bars = ProgressBars(server)  # type: ignore[arg-type]
    bars.report(report("history", 1, 4))
    bars.report(report("history", 4, 4))
    bars.report(report("waiting", 0, 0))
    await server.settle()
    assert server.sent == []


async def test_the_next_phase_and_the_engines_exit_end_a_bar() -> None:
    server = RecordingServer()
    bars = ProgressBars(server)  # type: ignore[arg-type]
    for phase in ("history", "files"):
        bars.report(report(phase, 1, 4))
        await server.settle()
    bars.end_all()
    assert [what for what, _, _ in server.sent] == ["begin", "end", "begin", "end"]
    assert len({token for _, token, _ in server.sent}) == 2


async def test_a_pause_ends_the_bar_and_says_why() -> None:
    server = RecordingServer()
    bars = ProgressBars(server)  # type: ignore[arg-type]
    bars.report(report("encoding", 1, 4))
    await server.settle()
    bars.report({**report("waiting", 0, 0), "message": "paused on battery (18%)"})
    assert [(what, value) for what, _, value in server.sent][-1] == ("end", "paused on battery (18%)")


async def test_a_client_without_progress_support_gets_none() -> None:
    server = RecordingServer(shows=False)
    ProgressBars(server).report(report("history", 1, 4))  # type: ignore[arg-type]
    await server.settle()
    assert server.sent == []
