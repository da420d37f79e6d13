"""Fixtures for all tests; what belongs together stands in a module of its own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hypothesis import HealthCheck, settings

pytest_plugins = ["hook_repo", "repositories"]

# The same examples each time, however busy the machine is: a failure belongs to the change that is tested.
BUSY = [HealthCheck.too_slow]
settings.register_profile("fast", max_examples=25, deadline=None, derandomize=True, suppress_health_check=BUSY)
settings.register_profile("thorough", settings.get_profile("fast"), max_examples=300)
settings.load_profile("fast")

MEMORY = Path("/dev/shm")  # a file system in memory, where there is one: flushing a file costs nothing there
ENOUGH = 500_000_000  # bytes; it takes a tenth of them


def in_memory() -> bool:
    """Whether what tests write can be kept in memory: there is room, and hooks may run."""
    return (
        os.access(MEMORY, os.W_OK)
        and shutil.disk_usage(MEMORY).free > ENOUGH
        and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    )


if in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
