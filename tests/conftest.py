"""Fixtures for all tests; related helpers have modules of their own."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from logging.handlers import QueueHandler
from pathlib import Path
from queue import SimpleQueue

import pytest
from hypothesis import HealthCheck, settings

from mom_lsp.workspace.answers import fault_isolation

pytest_plugins = ["repositories", "cli_shell", "hook_repo", "journals", "object_store"]

# The same examples in every run, however busy the machine is: a failure is due to the change under test.
BUSY = [HealthCheck.too_slow]
settings.register_profile("fast", max_examples=25, deadline=None, derandomize=True, suppress_health_check=BUSY)
settings.register_profile("thorough", settings.get_profile("fast"), max_examples=300)
settings.load_profile("fast")

MEMORY = Path("/dev/shm")  # a file system in memory, where there is one: flushing a file costs nothing there
ENOUGH = 500_000_000  # bytes; it takes a tenth of them


def in_memory() -> bool:
    """Whether test files can be kept in memory: there is space, and hooks may be executed there."""
    return (
        os.access(MEMORY, os.W_OK)
        and shutil.disk_usage(MEMORY).free > ENOUGH
        and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    )


if in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture(autouse=True, scope="session")
def _a_home_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what a test writes to the user's folders away from the user, and from the next run."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name)))
        yield


@pytest.fixture(autouse=True)
def _every_memory_can_be_shown(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail if a fault was isolated: the product continues without that memory, a test does not."""
    faults: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler, log = QueueHandler(faults), logging.getLogger(fault_isolation.__name__)
    log.addHandler(handler)
    yield
    log.removeHandler(handler)
    assert faults.empty() or request.node.get_closest_marker("isolates"), faults.get().getMessage()
