"""Bulk indexing on a real Dask cluster, whose workers, client and scheduler are killed; the rows stay the same."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from fleets import Rows, local_rows, published_rows
from object_store import BUCKET, ObjectStore
from processes import LONG, eventually
from repositories import Repo, fill, make_repository

pytestmark = pytest.mark.slow

URI = f"s3://{BUCKET}/company"
NAMES = ("large", "medium", "small")
RUN = """
import sys, threading
from pathlib import Path
from mom_lsp.fleet.bulk import Target, index_repositories
from mom_lsp.errors import MomError
listed, uri, workers, scheduler = sys.argv[1:]
target = Target(uri, engine="dask", workers=int(workers), scheduler=scheduler, long=100)
try:
    outcomes = index_repositories(Path(listed), target, lambda outcome, total: None, threading.Event())
except MomError as error:
    sys.exit(str(error))
print([(one.name, one.state, one.error) for one in outcomes])
"""


@pytest.fixture
def listed(home: Path, tmp_path: Path) -> Path:
    """A folder of three repositories; the history of the large one is split."""
    folder = tmp_path / "repositories"
    for name, commits in zip(NAMES, (1_500, 80, 3), strict=True):
        fill(make_repository(folder / name), commits)
    return folder


@pytest.fixture
def expected(listed: Path) -> dict[str, Rows]:
    return {name: local_rows(Repo(listed / name)) for name in NAMES}


def start(listed: Path, workers: int = 2, scheduler: str = "") -> subprocess.Popen[str]:
    """Start bulk indexing at the head of a process group of its own."""
    command = [sys.executable, "-P", "-c", RUN, str(listed), URI, str(workers), scheduler]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def finish(process: subprocess.Popen[str]) -> str:
    try:
        out, complaints = process.communicate(timeout=LONG)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, complaints
    return out


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            if re.search("spawn_main|dask worker", " ".join(child.cmdline())):  # the latter where setproctitle is there
                found.append(child)
        except psutil.Error:
            continue
    return found


def written(s3: ObjectStore) -> int:
    return len(s3.objects())


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_publishes_the_rows_of_mom_index(
    listed: Path, expected: dict[str, Rows], s3: ObjectStore, workers: int
) -> None:
    out = finish(start(listed, workers))
    assert out.count("indexed") == 3, out
    assert {name: published_rows(URI, name) for name in NAMES} == expected


def test_workers_that_are_killed_make_no_difference(listed: Path, expected: dict[str, Rows], s3: ObjectStore) -> None:
    process, chance = start(listed), random.Random(7)
    for _ in range(3):
        before = written(s3)
        eventually(lambda before=before: written(s3) > before + 2)  # type: ignore[misc]
        victims = workers_of(process)
        assert victims, "there was no worker to kill"
        chance.choice(victims).kill()
    out = finish(process)
    assert "failed" not in out
    assert {name: published_rows(URI, name) for name in NAMES} == expected


def test_a_worker_that_dask_gives_up_is_replaced(
    listed: Path, expected: dict[str, Rows], s3: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT", "1ms")  # as on a machine that is very busy
    process = start(listed, 1)
    eventually(lambda: any("/parts/" in name for name in s3.objects()))
    for one in workers_of(process):
        one.kill()
    out = finish(process)
    assert "failed" not in out
    assert {name: published_rows(URI, name) for name in NAMES} == expected


def test_a_client_that_is_killed_is_resumed(listed: Path, expected: dict[str, Rows], s3: ObjectStore) -> None:
    process = start(listed)
    eventually(lambda: any("/parts/" in name for name in s3.objects()))
    left = workers_of(process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    psutil.wait_procs(left, timeout=LONG)
    parts = {name for name in s3.objects() if "/parts/" in name}
    assert parts
    s3.written.clear()
    finish(start(listed))
    assert parts.isdisjoint(s3.written), "what was extracted before was extracted again"
    assert {name: published_rows(URI, name) for name in NAMES} == expected


def test_a_scheduler_that_is_killed_is_named_and_resumed(
    listed: Path, expected: dict[str, Rows], s3: ObjectStore, tmp_path: Path
) -> None:
    with cluster(tmp_path) as (scheduler, address):
        process = start(listed, 0, address)
        eventually(lambda: any("/parts/" in name for name in s3.objects()))
        scheduler.kill()
        _, complaints = process.communicate(timeout=LONG)
        assert process.returncode
        assert "run the same command again" in complaints
    finish(start(listed))
    assert {name: published_rows(URI, name) for name in NAMES} == expected


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run a scheduler and a worker as a user would, and yield the scheduler with its address."""
    file = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    common, shared = [sys.executable, "-P", "-m"], ["--scheduler-file", str(file), "--no-dashboard"]
    scratch = ["--local-directory", str(folder / "scratch")]
    scheduler = subprocess.Popen(
        [*common, "distributed.cli.dask_scheduler", *shared, "--host", "127.0.0.1", "--port", "0"],
        **quiet,  # type: ignore[call-overload]
    )
    processes = [scheduler]
    try:
        eventually(lambda: file.is_file() and file.read_text())
        processes.append(
            subprocess.Popen(
                [*common, "distributed.cli.dask_worker", *shared, "--nthreads", "1", *scratch],
                **quiet,  # type: ignore[call-overload]
            )
        )
        yield scheduler, json.loads(file.read_text())["address"]
    finally:
        for process in reversed(processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
