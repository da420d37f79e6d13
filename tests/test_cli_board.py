"""What `mom doctor` says on a Raspberry Pi, from files as such a board has them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from mom_lsp.cli.board import board_checks

PI_5 = {
    "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
    "proc/meminfo": "MemTotal:        4148736 kB\nMemFree:          310016 kB\nMemAvailable:    3101424 kB\n"
    "HugePages_Total:       0\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "2400000\n",
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "54350\n",
}


def checks(root: Path, vcgencmd: str | None = None, **changed: str) -> dict[str, dict[str, Any]]:
    """Return the checks of a Raspberry Pi 5; `changed` has the texts of files by the end of their path."""
    for name, text in PI_5.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(next((new for end, new in changed.items() if name.endswith(end)), text))
    return {check["name"]: check for check in board_checks(root, vcgencmd)}


def throttled(folder: Path, bits: str) -> str:
    """Return a program that answers as `vcgencmd get_throttled` does."""
    program = folder / "vcgencmd"
    program.write_text(f"#!{sys.executable}\nimport sys\nassert sys.argv[1:] == ['get_throttled']\nprint('{bits}')\n")
    program.chmod(0o755)
    return str(program)


def test_a_machine_without_a_device_tree_gets_no_checks(tmp_path: Path) -> None:
    checks(tmp_path)
    (tmp_path / "proc/device-tree/model").unlink()
    assert list(board_checks(tmp_path)) == []


def test_a_cool_board_with_enough_memory_is_well(tmp_path: Path) -> None:
    found = checks(tmp_path, throttled(tmp_path, "throttled=0x0"))
    assert {name: check["message"].partition(";")[0] for name, check in found.items()} == {
        "board": "Raspberry Pi 5 Model B Rev 1.0",
        "memory": "3.2 of 4.2 GB are free",
        "governor": "ondemand, up to 2.4 GHz",
        "temperature": "54 °C",
    }
    assert not any(check["fix"] for check in found.values())
    assert "not been measured on any board" in found["board"]["message"]


@pytest.mark.parametrize(
    ("name", "changed", "words"),
    [
        ("memory", {"meminfo": "MemTotal: 4148736 kB\nMemAvailable: 500000 kB\n"}, "may cause swapping"),
        ("governor", {"scaling_governor": "powersave\n"}, "lowest frequency"),
        ("temperature", {"temp": "82000\n"}, "cool the board"),
    ],
)
def test_what_makes_a_board_slow_is_said_with_what_to_expect(
    tmp_path: Path, name: str, changed: dict[str, str], words: str
) -> None:
    check = checks(tmp_path, **changed)[name]
    assert check["ok"] is None, "a slow board is no failure"
    assert words in check["fix"]


@pytest.mark.parametrize(
    ("bits", "message"),
    [
        ("throttled=0x50005", "54 °C; now: the voltage is too low, the processor is slowed down"),
        ("throttled=0x20000", "54 °C; at least once since boot: the processor's frequency is capped"),
        ("VCHI initialization failed", "54 °C"),
    ],
)
def test_throttling_is_told_as_far_as_the_firmware_tells_it(tmp_path: Path, bits: str, message: str) -> None:
    assert checks(tmp_path, throttled(tmp_path, bits))["temperature"]["message"] == message


def test_files_that_a_board_lacks_are_passed_over(tmp_path: Path) -> None:
    model = tmp_path / "proc/device-tree/model"
    model.parent.mkdir(parents=True)
    model.write_text("Some Board\0")
    assert [check["name"] for check in board_checks(tmp_path, str(tmp_path / "no-such-program"))] == ["board"]
