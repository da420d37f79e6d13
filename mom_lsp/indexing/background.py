"""How an indexer that nobody started by hand spares the user's machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mom_lsp.indexqueue import asked_by_user
from mom_lsp.process.battery import Battery, read_battery
from mom_lsp.process.priority import give_way

HEAD_START = 1_000  # commits and files that a new index gets at full speed, so that there is something to show
LOW = 30.0  # percent of the battery, below which indexing waits for mains power


class Background:
    """Gives way to the user once there is something to show, and pauses while the battery is low.

    A request of the user (to update the index, to forget a memory) is served whatever the battery says.

    Args:
        data: the data folder, where requests are.
        battery: reads the battery.
    """

    def __init__(self, data: Path, battery: Callable[[], Battery | None] = read_battery) -> None:
        self._data, self._battery = data, battery
        self._gave_way = False

    def give_way(self) -> None:
        """Take the lowest priority and leave one core free, from now on."""
        if not self._gave_way:
            self._gave_way = True
            give_way()

    def pause(self) -> str:
        """Return why indexing has to wait, "" if it may go on."""
        battery = self._battery()
        if battery is None or battery.plugged or battery.percent >= LOW or asked_by_user(self._data):
            return ""
        return f"paused on battery ({battery.percent:.0f}%); it resumes when the computer is plugged in"
