"""An idle engine in which waiting moves a clock and takes no time."""

from __future__ import annotations

from pathlib import Path

from mom_lsp.engine.main import Engine
from mom_lsp.process import EngineServer


def idle_engine(data: Path, clock: list[float], waits: list[float], *, most: int, step: float = 0.0) -> Engine:
    """Return an engine whose last request was at 0.0.

    Args:
        data: its folder.
        clock: the one number in it is the time, in seconds.
        waits: takes each pause.
        most: after how many pauses a client ends the engine.
        step: how long a pause takes at least.
    """

    class Unasked(EngineServer):
        idle_since = 0.0  # type: ignore[assignment]

        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            clock[0] += max(step, timeout or 0.0)
            return len(waits) > most

        def is_findable(self) -> bool:
            return True

    return Engine(data, lambda call, params: None, server=Unasked, clock=lambda: clock[0])
