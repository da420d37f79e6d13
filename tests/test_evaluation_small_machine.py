"""Limits for measurements: on this process and its children, and gone afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mom_lsp.evaluation.small_machine import MEMORY, PERIOD, SHARE, slowed, small_machine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")

PRINT_LIMITS = """
import json, os, resource
groups = open("/proc/self/cgroup").read()
print(json.dumps([len(os.sched_getaffinity(0)), resource.getrlimit(resource.RLIMIT_DATA)[0], groups]))
"""


def limits() -> tuple[int, int, str]:
    """Return number of cores, bytes of memory and control groups of a child process."""
    shown = subprocess.run([sys.executable, "-c", PRINT_LIMITS], capture_output=True, check=True).stdout
    cores, memory, groups = json.loads(shown)
    return cores, memory, groups


def test_children_are_limited_and_the_limits_are_gone_afterwards() -> None:
    before = limits()
    with small_machine() as figures:
        cores, memory, groups = limits()
    assert (cores, memory) == (1, MEMORY)
    share = next(figure for figure in figures if "time" in figure["name"])
    assert (share["value"] == SHARE * 100) == (f"mom-bench-{os.getpid()}" in groups)
    assert bool(share["note"]) == (share["value"] is None), "what could not be limited is said"
    assert limits() == before


@pytest.mark.parametrize(
    ("lines", "own", "files", "written"),
    [
        (
            "5:memory:/a\n4:cpu,cpuacct:/b/c\n0::/\n",
            "cpu,cpuacct/b/c",
            (),
            {"cpu.cfs_quota_us": f"{PERIOD * SHARE:.0f}", "cpu.cfs_period_us": str(PERIOD)},
        ),
        ("0::/user.slice/x.scope\n", "user.slice/x.scope", ("cpu.max",), {"cpu.max": f"{PERIOD * SHARE:.0f} {PERIOD}"}),
    ],
)
def test_both_versions_of_control_groups_limit_the_time(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lines: str,
    own: str,
    files: tuple[str, ...],
    written: dict[str, str],
) -> None:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text(lines)
    group = tmp_path / "groups" / own / f"mom-bench-{os.getpid()}"
    group.parent.mkdir(parents=True)
    make = Path.mkdir

    def mkdir(path: Path) -> None:
        """As the kernel does: a new control group has its files."""
        make(path)
        for name in files:
            (path / name).touch()

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with slowed(tmp_path / "groups", tmp_path / "proc") as limited:
        assert limited
        assert {name: (group / name).read_text() for name in written} == written
        assert (group / "cgroup.procs").read_text() == str(os.getpid())
    assert (group.parent / "cgroup.procs").read_text() == str(os.getpid())


def test_without_the_right_to_make_a_group_the_time_is_not_limited(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "cgroup").write_text("0::/nowhere\n")
    with slowed(tmp_path / "groups", tmp_path) as limited:
        assert not limited
