"""How full the battery is, where the platform tells."""

from __future__ import annotations

from typing import NamedTuple


class Battery(NamedTuple):
    """The charge of the computer's battery."""

    percent: float
    plugged: bool  # whether it runs on mains power; True where the platform does not say


def read_battery() -> Battery | None:
    """Return the battery's state; None if there is none, or the platform does not tell."""
    import psutil

    if not hasattr(psutil, "sensors_battery"):
        return None
    found = psutil.sensors_battery()
    return None if found is None else Battery(found.percent, found.power_plugged is not False)
