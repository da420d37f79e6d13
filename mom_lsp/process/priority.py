"""Running in the background: lowest CPU and disk priority, and one core left free."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

NICEST = 19
DARWIN_PROCESS, DARWIN_BACKGROUND = 4, 0x1000  # PRIO_DARWIN_PROCESS, PRIO_DARWIN_BG: os has them from Python 3.12 on

log = logging.getLogger(__name__)


def lower_priority() -> None:
    """Lower the priority of this process and its children for good; processes they start later inherit it.

    Steps that the system refuses are skipped and logged.
    """
    import psutil  # takes 20 ms to import; only background processes need it

    me = psutil.Process()
    cores = _all_but_one(me)
    os.environ["OMP_NUM_THREADS"] = str(len(cores))  # read by torch, which is loaded later
    problems: set[str] = set()
    seen: set[int] = set()
    while fresh := {task.pid: task for task in _tasks(me) if task.pid not in seen}:  # one may start another
        for task in fresh.values():
            problems |= _lower(task, cores)
        seen |= fresh.keys()
    if sys.platform == "darwin":
        os.setpriority(DARWIN_PROCESS, 0, DARWIN_BACKGROUND)  # throttles disk access, and keeps it off the fast cores
    if problems:
        log.warning("cannot fully lower the priority of the indexer: %s", "; ".join(sorted(problems)))


def let_others_go_first() -> None:
    """If this process has the lowest priority, let others that have it go first, too. Linux only."""
    if sys.platform == "linux" and os.getpriority(os.PRIO_PROCESS, 0) == NICEST:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def usable_cores() -> int:
    """Return the number of cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _all_but_one(me: psutil.Process) -> list[int]:
    """Return the cores to run on: all that this process may use except the first, if there are others."""
    allowed: list[int] = me.cpu_affinity() if hasattr(me, "cpu_affinity") else list(range(os.cpu_count() or 1))
    return allowed[1:] or allowed


def _tasks(me: psutil.Process) -> list[psutil.Process]:
    """Return the processes, and on Linux their threads, each of which has its own priority."""
    import psutil

    found: list[psutil.Process] = []
    for process in [me, *me.children(recursive=True)]:
        try:
            numbers = [thread.id for thread in process.threads()] if sys.platform == "linux" else [process.pid]
            found += map(psutil.Process, numbers)
        except psutil.NoSuchProcess:  # it has just exited
            continue
    return found


def _lower(task: psutil.Process, cores: list[int]) -> set[str]:
    """Lower the priority of one process or thread; return the system's refusals."""
    import psutil

    windows = sys.platform == "win32"
    steps: list[Callable[[], object]] = [lambda: task.nice(psutil.IDLE_PRIORITY_CLASS if windows else NICEST)]
    if hasattr(task, "ionice"):
        steps.append(lambda: task.ionice(psutil.IOPRIO_VERYLOW if windows else psutil.IOPRIO_CLASS_IDLE))
    if hasattr(task, "cpu_affinity"):
        steps.append(lambda: task.cpu_affinity(cores))
    refused = set()
    for step in steps:
        try:
            step()
        except psutil.NoSuchProcess:
            break
        except (psutil.AccessDenied, OSError) as error:
            refused.add(str(error))
    return refused
