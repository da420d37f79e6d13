"""The battery level, where the platform reports it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

SUPPLIES = Path("/sys/class/power_supply")  # of Linux; some kernels and containers have none


class Battery(NamedTuple):
    """The charge of the computer's battery."""

    percent: float
    plugged: bool  # on mains power; True if the platform does not report it


def read_battery() -> Battery | None:
    """Return the battery state, None if there is no battery or the platform does not report it."""
    return _of_linux(SUPPLIES) if sys.platform == "linux" else _elsewhere()


def _elsewhere() -> Battery | None:
    import psutil

    if not hasattr(psutil, "sensors_battery"):
        return None
    found = psutil.sensors_battery()
    return None if found is None else Battery(found.percent, found.power_plugged is not False)


def _of_linux(supplies: Path) -> Battery | None:
    """Return the first battery of the computer itself: those of a mouse or a headset are listed, too."""
    found = sorted(supplies.glob("*"))
    mains = [_read(one / "online") for one in found if _read(one / "type") == "Mains"]
    for one in found:
        percent = _read(one / "capacity")
        if _read(one / "type") == "Battery" and _read(one / "scope") != "Device" and percent.isdigit():
            return Battery(float(percent), "1" in mains if mains else _read(one / "status") != "Discharging")
    return None


def _read(file: Path) -> str:
    """Return a value that Linux tells, "" for one that it does not."""
    try:
        return file.read_text("ascii", "replace").strip()
    except OSError:
        return ""
