"""`mom bench --small`: the same measurements with the resources of a small machine.

Processes started meanwhile get one core, half of its time all together, and 4 GB of memory each. A share of the time
of one core is like a slow core for one thread at a time, and slower than a machine with several of them. It is no
Raspberry Pi: memory, storage and instructions are those of this machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from mom_lsp.errors import UsageError
from mom_lsp.evaluation.bench_clone import PROC, Figure, figure

MEMORY = 4 * 10**9  # bytes
SHARE = 0.5  # of one core
PERIOD = 10_000  # microseconds, short, so that a thread never runs long at full speed
GROUPS = Path("/sys/fs/cgroup")
UNLIMITED = "not limited: no right to make a control group; try `systemd-run --user --scope -p CPUQuota=50%`"


@contextmanager
def small_machine() -> Iterator[list[Figure]]:
    """Limit this process and those that it starts meanwhile; yield the limits in force.

    Raises:
        UsageError: this system cannot limit processes so.
    """
    try:
        import resource
    except ImportError as error:
        raise UsageError("--small needs Linux: no other system limits processes so") from error
    if not hasattr(os, "sched_setaffinity"):
        raise UsageError("--small needs Linux: no other system limits processes so")
    cores, (memory, hard) = os.sched_getaffinity(0), resource.getrlimit(resource.RLIMIT_DATA)
    with ExitStack() as restored:
        restored.callback(os.sched_setaffinity, 0, cores)
        os.sched_setaffinity(0, {max(cores)})
        restored.callback(resource.setrlimit, resource.RLIMIT_DATA, (memory, hard))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY if hard < 0 else min(MEMORY, hard), hard))
        limited = restored.enter_context(slowed(GROUPS, PROC))
        share, why = (SHARE * 100, "") if limited else (None, UNLIMITED)
        yield [
            figure("limit: cores", 1, "", None, f"of {len(cores)}"),
            figure("limit: time of that core", share, "%", None, why),
            figure("limit: memory of a process", MEMORY / 1e6, "MB", None, "anonymous pages (RLIMIT_DATA)"),
        ]


@contextmanager
def slowed(groups: Path, proc: Path) -> Iterator[bool]:
    """Run this process in a control group of its own meanwhile; yield whether its time is limited.

    Args:
        groups: where control groups are mounted, of version 1 or 2.
        proc: where processes are.
    """
    parent = _own_group(groups, proc)
    group = parent / f"mom-bench-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        yield False
        return
    try:
        yield _limit(group)
    finally:
        with suppress(OSError):  # a process that still runs keeps the group
            for pid in (group / "cgroup.procs").read_text().split():
                (parent / "cgroup.procs").write_text(pid)
            group.rmdir()


def _own_group(groups: Path, proc: Path) -> Path:
    """Return the control group of this process that can limit processor time."""
    lines = [line.split(":", 2) for line in (proc / "self" / "cgroup").read_text().splitlines()]
    for _, controllers, path in lines:
        if "cpu" in controllers.split(","):  # version 1: a hierarchy for each controller
            return groups / controllers / path.lstrip("/")
    return groups / next((path.lstrip("/") for _, controllers, path in lines if not controllers), "")


def _limit(group: Path) -> bool:
    quota = int(PERIOD * SHARE)
    try:
        if (group / "cpu.max").exists():  # version 2
            (group / "cpu.max").write_text(f"{quota} {PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError:
        return False
    return True
