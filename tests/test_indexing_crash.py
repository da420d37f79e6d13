"""kill -9 at random instants: no feedback is lost, the store always opens, the index ends up the same."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from indexing_runs import rows, run
from memories import on_head
from processes import LONG, finish, mom, start
from repositories import Repo, clone, fill

from mom_lsp.errors import ChildError, NoIndex
from mom_lsp.indexing import Progress, extraction
from mom_lsp.indexing.extraction_worker import ordered
from mom_lsp.journal import Journal
from mom_lsp.memory import memory_id
from mom_lsp.process.worker_pool import workers
from mom_lsp.store import Store


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Kill only this process; return whether it was still running. Its children must go with it."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LONG)
    _, alive = psutil.wait_procs(children, LONG)
    assert not alive
    return process.returncode == -signal.SIGKILL


def readable_ids(data: Path) -> list[str]:
    """Return the ids that a reader finds; there may be no index yet, but never one that cannot be read."""
    try:
        store = Store(data)
        store.search_text("caller", 3)
        return sorted(store.columns(["id"])["id"].to_pylist())
    except NoIndex:
        return []


def crash(repo: Repo, kills: int, seed: int, whole: float) -> tuple[int, int, float]:
    """Index and pin, killed again and again; return how often it was killed at work and how often it could be read.

    `whole` is how many seconds indexing takes when nobody interrupts it, starting Python included; returned is what it
    seems to take now.
    """
    chance, data = random.Random(seed), repo.location.data
    acknowledged: set[str] = set()
    killed = readable = 0
    for number in range(kills):
        indexer = start(repo, "index")
        mine = memory_id("pinned", seed, number)
        with Journal(data / "journal.sqlite") as journal:
            journal.append("pin", mine, now=float(number))
        acknowledged.add(mine)
        was_killed = kill_after(indexer, chance.uniform(0.1, 0.9) * whole)
        killed, whole = killed + was_killed, whole * (1.1 if was_killed else 0.8)  # the machine may be less busy by now
        ids = readable_ids(data)
        readable += bool(ids)
        if ids and number % 5 == 2:
            chosen = chance.choice(ids)
            pin = start(repo, "pin", chosen)
            kill_after(pin, chance.uniform(0.2, 3.0) * whole)
            acknowledged |= {chosen} if pin.returncode == 0 else set()
        with Journal(data / "journal.sqlite") as journal:
            assert acknowledged <= {event.memory for event in journal.events()}
            assert journal.problems == []
    return killed, readable, whole


def undisturbed(repo: Repo, path: Path) -> tuple[Repo, float]:
    """Return a clone that was indexed at once, and the seconds that took."""
    whole, began = clone(repo, path), time.monotonic()
    mom(whole, "index")
    return whole, time.monotonic() - began


def check_end(repo: Repo, whole: Repo) -> None:
    mom(repo, "index")
    assert on_head(repo) == on_head(whole)
    assert Store(repo.location.data).searchable
    assert 'nothing_new": true' in mom(repo, "index", "--json")


def test_indexing_recovers_from_three_kills(project: Repo, tmp_path: Path) -> None:
    fill(project, 60, files=30)  # too few for worker processes, which the test below covers
    whole, seconds = undisturbed(project, tmp_path / "whole")
    killed, *_ = crash(project, 3, 1, seconds)
    assert killed
    check_end(project, whole)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_indexing_recovers_from_a_hundred_kills(project: Repo, tmp_path: Path) -> None:
    """The history grows every five kills, so that there is always something to be interrupted."""
    fill(project, 200, files=80)
    _, seconds = undisturbed(project, tmp_path / "first")
    killed = readable = 0
    for seed in range(20):
        if seed:
            fill(project, 80 + seed, files=80)
        more = crash(project, 5, seed, seconds)
        killed, readable, seconds = killed + more[0], readable + more[1], more[2]
    assert killed > 40
    assert readable > 40
    check_end(project, undisturbed(project, tmp_path / "whole")[0])


def test_the_workers_of_a_killed_indexer_exit(project: Repo) -> None:
    fill(project, 600)
    assert extraction.FIRST_CHUNK < 600  # so that there is a pool
    indexer = start(project, "index")
    parent = psutil.Process(indexer.pid)
    workers: list[psutil.Process] = []
    while not workers and indexer.poll() is None:
        with contextlib.suppress(psutil.Error):  # a git that has just ended
            workers = [child for child in parent.children() if "spawn_main" in " ".join(child.cmdline())]
    assert workers
    assert kill_after(indexer, 0.5)
    assert not [worker for worker in workers if worker.is_running()]
    assert finish(start(project, "index", "--json"))


def test_a_worker_that_the_system_kills_costs_nothing(project: Repo) -> None:
    fill(project, 150)

    def kill_workers(progress: Progress) -> None:
        if (progress.phase, progress.done) == ("history", 0):
            for child in psutil.Process().children():
                if "spawn_main" in " ".join(child.cmdline()):
                    child.kill()
                    killed.append(child)

    killed: list[psutil.Process] = []
    assert run(project, report=kill_workers).commits == 150
    assert killed and {row["source_type"] for row in rows(project)} >= {"commit"}


def end_this_process(_: int) -> None:
    os._exit(9)


def test_a_task_that_ends_each_worker_is_an_error_with_advice() -> None:
    with pytest.raises(ChildError, match="close other programs"), workers(1_000) as pool:
        list(ordered(pool, end_this_process, range(2)))
