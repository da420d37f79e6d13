"""Bulk indexing of real repositories on Dask, compared row by row with `mom index`, and what it took.

    python tests/fleet_rows.py FOLDER [--workers 1,2,4] [--kill SECONDS] [--first N]

FOLDER is full of clones; `mom index` runs in each, without an encoder. Each number of workers gets an empty store on a
server of moto's. With --kill a worker is killed every so many seconds. Prints a line of JSON a run: repositories,
commits and rows, rows that differ, workers, kills, seconds, the processor seconds of the command and its workers, their
memory at most (MB), requests to the server, and bytes there.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from fleets import Rows, local_rows, published_rows
from object_store import BUCKET, object_store
from repositories import WITHOUT_MODELS, Repo

from mom_lsp.fleet.repositories import jobs_of

URI = f"s3://{BUCKET}/rows"
POLL = 0.2  # seconds
COMMAND = [sys.executable, "-P", "-m", "mom_lsp", "fleet", "index", "--into", URI, "--json"]


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--kill", type=float, default=0.0)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    with own_home() as home:
        folders = sorted(path for path in asked.folder.iterdir() if path.is_dir())[: asked.first or None]
        listed = list_of(home, folders)
        names = {job.location.root: job.name for job in jobs_of(listed, URI)[0]}
        expected = {names[path.resolve()]: local_rows(Repo(path)) for path in folders}

        def differing() -> int:
            return sum(differences(rows, published_rows(URI, name)) for name, rows in expected.items())

        for workers in asked.workers.split(","):
            found = measured(listed, int(workers), asked.kill, {"differing": differing})
            print(json.dumps(found | {"rows": sum(map(len, expected.values()))}), flush=True)


@contextmanager
def own_home() -> Iterator[Path]:
    """Make a home folder without models, and use it."""
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "mom-lsp").mkdir()
        (Path(home) / "mom-lsp" / "settings.toml").write_text(WITHOUT_MODELS)
        os.environ.update(HOME=home, XDG_CONFIG_HOME=home, XDG_DATA_HOME=home, XDG_CACHE_HOME=home)
        yield Path(home)


def list_of(home: Path, folders: Iterable[Path]) -> Path:
    """Write a list of repositories, and return it."""
    listed = home / "list"
    listed.write_text("".join(f"{path.absolute()}\n" for path in folders))
    return listed


def measured(
    listed: Path, workers: int, kill: float = 0.0, checks: Mapping[str, Callable[[], int]] | None = None
) -> dict[str, Any]:
    """Index into an empty store, and return what it took, and what some checks of the store count."""
    out = listed.with_suffix(".out")  # a file takes what many repositories print, a pipe waits for its reader
    with object_store() as store, out.open("w") as printed:
        os.environ.update(store.environment)
        began = time.monotonic()
        command = [*COMMAND, "--repos", str(listed), "--workers", str(workers)]
        process = subprocess.Popen(command, stdout=printed, stderr=subprocess.DEVNULL)
        spent: dict[int, float] = {}
        most, kills, next_kill, chance = 0, 0, 0.0, random.Random(0)
        while process.poll() is None:
            most = max(most, observed(process, spent))
            if kill and not next_kill and any("rows/" in name for name in store.written):  # the cluster has started
                next_kill = time.monotonic() + kill
            if next_kill and time.monotonic() > next_kill and (victims := workers_of(process)):
                chance.choice(victims).kill()
                kills, next_kill = kills + 1, time.monotonic() + kill
            time.sleep(POLL)
        seconds = time.monotonic() - began
        assert process.returncode == 0, out.read_text()
        requests, size = store.requests, sum(map(len, store.objects().values()))
        counted = {name: check() for name, check in (checks or {}).items()}
        repositories = json.loads(out.read_text())["repositories"]
    return counted | {
        "repositories": len(repositories),
        "commits": sum(one["commits"] for one in repositories),
        "workers": workers,
        "kills": kills,
        "seconds": round(seconds, 1),
        "processor": round(sum(spent.values()), 1),
        "memory": round(most / 1e6),
        "requests": requests,
        "bytes": size,
    }


def differences(rows: Rows, others: Rows) -> int:
    """Return how many rows are in one of two tables only, or differ in any column."""
    one, two = ({repr(row) for row in table} for table in (rows, others))
    return len(one ^ two) + abs(len(rows) - len(others))


def observed(process: subprocess.Popen[bytes], spent: dict[int, float]) -> int:
    """Return the bytes in memory of a process and its children, and note the seconds that each has spent so far."""
    total, workers = 0, {one.pid for one in workers_of(process)}
    for one in family(process):
        try:
            times = one.cpu_times()
            if one.pid in workers:  # a worker waits for its git, whose time is then its children's
                spent[one.pid] = times.user + times.system + times.children_user + times.children_system
            elif one.pid == process.pid:
                spent[one.pid] = times.user + times.system
            total += one.memory_info().rss
        except psutil.Error:
            continue
    return total


def workers_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return the workers of a cluster."""
    found = []
    for one in family(process):
        try:
            if any("spawn_main" in argument for argument in one.cmdline()):
                found.append(one)
        except psutil.Error:
            continue
    return found


def family(process: subprocess.Popen[bytes]) -> Iterator[psutil.Process]:
    """Yield a process and its children, none once it has ended."""
    try:
        own = psutil.Process(process.pid)
        yield from [own, *own.children(recursive=True)]
    except psutil.Error:
        return


if __name__ == "__main__":
    main()
