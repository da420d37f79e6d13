"""Background indexing: low priority, and paused on a low battery."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mom_lsp.indexqueue import asked_by_user
from mom_lsp.process.battery import Battery, read_battery
from mom_lsp.process.priority import lower_priority

HEAD_START = 1_000  # commits and files indexed at full speed, so that there is something to show
LOW = 30.0  # percent of the battery, below which indexing pauses


class Background:
    """Lowers the priority once there is something to show, and pauses while the battery is low.

    A request by the user (to update the index, to forget a memory) is served even then.

    Args:
        data: the data folder with the requests.
        battery: reads the battery.
    """

    def __init__(self, data: Path, battery: Callable[[], Battery | None] = read_battery) -> None:
        self._data, self._battery = data, battery
        self._lowered = False

    def lower_priority(self) -> None:
        """Take the lowest priority and leave one core free from now on."""
        if not self._lowered:
            self._lowered = True
            lower_priority()

    def pause(self) -> str:
        """Return why indexing has to pause, "" if it may continue."""
        battery = self._battery()
        if battery is None or battery.plugged or battery.percent >= LOW or asked_by_user(self._data):
            return ""
        return f"paused on battery ({battery.percent:.0f}%); it resumes when the computer is plugged in"
