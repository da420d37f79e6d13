"""The processes that a process has started, and what they take together (Linux)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace

from mom_lsp.evaluation.bench_clone import PROC

INTERVAL = 0.2  # seconds between two looks at the memory
GONE = (FileNotFoundError, ProcessLookupError, StopIteration)  # a process has exited meanwhile


def processes_below(pid: int) -> set[int]:
    """Return the processes that a process has started, and those that they have."""
    found: set[int] = set()
    with suppress(*GONE):
        for file in (PROC / str(pid) / "task").glob("*/children"):
            for child in map(int, file.read_text().split()):
                found |= {child, *processes_below(child)}
    return found


def command_of(pid: int) -> str:
    """Return the name of a process's program, "" if it has exited."""
    with suppress(*GONE):
        return (PROC / str(pid) / "comm").read_text().strip()
    return ""


def resident(pid: int) -> float:
    """Return the memory of a process in MB: its proportional set size, so that shared pages count once in a sum."""
    with suppress(*GONE):
        rollup = (PROC / str(pid) / "smaps_rollup").read_text("utf-8", "replace").splitlines()
        return int(next(line for line in rollup if line.startswith("Pss:")).split()[1]) * 1024 / 1e6
    return 0.0


def resident_together(pid: int) -> float:
    """Return the memory of a process and of all below it, in MB."""
    return sum(map(resident, {pid, *processes_below(pid)}))


@contextmanager
def watched_memory(pid: int) -> Iterator[SimpleNamespace]:
    """Yield an object whose `peak` is the largest memory of a process and of all below it so far, in MB."""
    seen, over = SimpleNamespace(peak=0.0), threading.Event()

    def watch() -> None:
        while not over.wait(INTERVAL):
            seen.peak = max(seen.peak, resident_together(pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
