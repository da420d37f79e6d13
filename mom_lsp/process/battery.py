"""The battery level, where the platform reports it."""

from __future__ import annotations

from typing import NamedTuple


class Battery(NamedTuple):
    """The charge of the computer's battery."""

    percent: float
    plugged: bool  # on mains power; True if the platform does not report it


def read_battery() -> Battery | None:
    """Return the battery state, None if there is no battery or the platform does not report it."""
    import psutil

    if not hasattr(psutil, "sensors_battery"):
        return None
    found = psutil.sensors_battery()
    return None if found is None else Battery(found.percent, found.power_plugged is not False)
