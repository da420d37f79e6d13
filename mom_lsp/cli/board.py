"""What `mom doctor` says about a single-board computer such as a Raspberry Pi: board, memory, processor, temperature.

It says nothing on other machines, which have no device tree.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mom_lsp.cli.system_checks import check

SYSTEM = Path("/")
MODEL = "proc/device-tree/model"
MEMORY = "proc/meminfo"
PROCESSOR = "sys/devices/system/cpu/cpu0/cpufreq"
SENSORS = "sys/class/thermal"
ENOUGH = 1_000_000_000  # bytes: an editor's processes and the indexer with 40,000 commits, on x86-64
HOT = 80  # °C, where a Raspberry Pi begins to slow its processor down
THROTTLED = {  # bit of `vcgencmd get_throttled`; sixteen bits higher, the same since the start
    0: "the voltage is too low",
    1: "the processor's frequency is capped",
    2: "the processor is slowed down",
    3: "the temperature limit is reached",
}
SINCE_START = 16  # bits
TIMEOUT = 2.0  # seconds


def board_checks(root: Path = SYSTEM, vcgencmd: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield what is known of this board; nothing where there is none.

    Args:
        root: the folder with /proc and /sys.
        vcgencmd: the program that reports throttling, if it is installed.
    """
    model = _read(root / MODEL).rstrip("\0")
    if not model:
        return
    expect = "mom has not been measured on any board: `mom bench` measures this one"
    yield check("board", None, f"{model}; {expect}")
    yield from _memory(root)
    yield from _processor(root)
    yield from _temperature(root, vcgencmd)


def _memory(root: Path) -> Iterator[dict[str, Any]]:
    lines = (line.split() for line in _read(root / MEMORY).splitlines())
    sizes = {line[0]: int(line[1]) * 1024 for line in lines if len(line) == 3}  # in kB
    total, free = sizes.get("MemTotal:"), sizes.get("MemAvailable:")
    if total is None or free is None:
        return
    fix = "indexing a large repository may cause swapping: close other programs, or disable mom.encoder.enable"
    yield check("memory", free >= ENOUGH or None, f"{free / 1e9:.1f} of {total / 1e9:.1f} GB are free", fix)


def _processor(root: Path) -> Iterator[dict[str, Any]]:
    governor, most = (_read(root / PROCESSOR / name).strip() for name in ("scaling_governor", "cpuinfo_max_freq"))
    if not governor:
        return
    frequency = f", up to {int(most) / 1e6:.1f} GHz" if most.isdecimal() else ""
    fix = "the processor stays at its lowest frequency, so everything is slow: set the governor to ondemand"
    yield check("governor", None if governor == "powersave" else True, governor + frequency, fix)


def _temperature(root: Path, vcgencmd: str | None) -> Iterator[dict[str, Any]]:
    sensors = [_read(file).strip() for file in sorted((root / SENSORS).glob("thermal_zone*/temp"))]
    degrees = max((int(value) / 1000 for value in sensors if value.lstrip("-").isdecimal()), default=None)
    found = [f"{degrees:.0f} °C"] if degrees is not None else []
    bits = _throttled(vcgencmd)
    now = [text for bit, text in THROTTLED.items() if bits >> bit & 1]
    before = [text for bit, text in THROTTLED.items() if bits >> (bit + SINCE_START) & 1]
    if now:
        found.append(f"now: {', '.join(now)}")
    elif before:
        found.append(f"at least once since boot: {', '.join(before)}")
    if found:
        well = not now and not before and (degrees is None or degrees < HOT)
        fix = "indexing may be slow: cool the board, and use its official power supply"
        yield check("temperature", well or None, "; ".join(found), fix)


def _throttled(vcgencmd: str | None) -> int:
    """Return the bits of `vcgencmd get_throttled`, 0 if they are unknown."""
    if vcgencmd is None:
        return 0
    command = [vcgencmd, "get_throttled"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True).stdout
        return int(shown.strip().rpartition("=")[2], 16)
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0  # not allowed to ask the firmware, or not a Raspberry Pi's


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
