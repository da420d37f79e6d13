"""`mom bench --scale`: what grows with the number of commits, in repositories of a thousand commits and more.

Nothing is encoded: the encoder takes a constant time a memory, whatever the size.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from mom_lsp.evaluation.bench_clone import (
    MOM,
    busiest_lines,
    cloned,
    run_command,
    run_mom,
    stop_engine,
    timed,
    timed_command,
    without_encoder,
)
from mom_lsp.evaluation.process_tree import resident, watched_memory
from mom_lsp.evaluation.scale_repository import commit_edit, make_repository
from mom_lsp.git import Location, locate
from mom_lsp.indexing import index_settings
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.process import EngineClient, ensure_engine
from mom_lsp.store import Store, writer_lease

SIZES = (1_000, 4_000, 16_000, 64_000, 400_000)  # commits
UPDATES = 3  # commits after the first index
ASKED = 20  # lines, and searches
PATIENCE = 120.0  # seconds for an answer


@dataclass(frozen=True, slots=True)
class Scale:
    """What one repository takes: seconds, milliseconds for answers, and MB."""

    name: str
    commits: int
    log: float  # s; `git log -p --raw`, the mean of before and after
    index: float  # s; `mom index` of everything
    index_memory: float  # MB; the peak of all its processes
    disk: float  # MB of the data folder
    update: float  # s; `mom index` after one more commit
    suggest: float  # ms
    search: float  # ms
    engine_memory: float  # MB, after these questions
    compaction: float  # s

    @property
    def ratio(self) -> float:
        """How many times `git log -p --raw` indexing takes."""
        return self.index / self.log


def measure_scale(repos: Sequence[Path], most: int, told: Callable[[Scale], object]) -> dict[str, Any]:
    """Measure made repositories of up to `most` commits, and fresh clones of others.

    Args:
        repos: their roots.
        most: commits; 0 for none of the made ones.
        told: called with each as it is done.

    Returns {"rows": [a Scale as a dict, and its ratio], "slopes": {measure: the exponent of n over the made ones}}.

    Raises:
        UsageError: not a git repository.
    """
    made: list[Scale] = []
    for size in (size for size in SIZES if size <= most):
        with _made(size) as location:
            made.append(_measure(f"{size:,}", location))
        told(made[-1])
    others: list[Scale] = []
    for root in repos:
        with cloned(root) as location:
            others.append(_measure(root.name, location))
        told(others[-1])
    rows = [asdict(one) | {"ratio": one.ratio} for one in (*made, *others)]
    return {"rows": rows, "slopes": slopes(rows[: len(made)])}


def slopes(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the slope of each measure against the commits, both as logarithms; nothing for fewer than two rows."""
    if len(rows) < 2:
        return {}
    n = np.log([row["commits"] for row in rows])
    measures = [name for name in rows[0] if name not in ("name", "commits")]
    return {name: float(np.polyfit(n, np.log([row[name] for row in rows]), 1)[0]) for name in measures}


@contextmanager
def _made(commits: int) -> Iterator[Location]:
    with tempfile.TemporaryDirectory(prefix="mom-bench-") as scratch:
        print(f"making a repository of {commits:,} commits", file=sys.stderr)
        root = Path(scratch).resolve() / "made"
        make_repository(root, commits)
        yield locate(root)


def _measure(name: str, location: Location) -> Scale:
    root = str(location.root)
    print(f"measuring {name}", file=sys.stderr)
    log = partial(timed_command, "git", "-C", root, "log", "-p", "--raw")
    commits = int(run_command("git", "-C", root, "rev-list", "--count", "HEAD"))
    with without_encoder(location):
        before = log()
        took, peak = _first_index(root)
        read = mean((before, log()))
        disk = disk_of(location.data)
        targets = busiest_lines(location)
        updates = [_update(location, [target.path for target in targets], number) for number in range(UPDATES)]
        suggest, search, memory = _asked(location, [target.path for target in targets])
        compaction = _compacted(location)
    return Scale(name, commits, read, took, peak, disk, median(updates), suggest, search, memory, compaction)


def _first_index(root: str) -> tuple[float, float]:
    """Return the seconds and the peak MB of `mom index`."""
    began = time.perf_counter()
    with subprocess.Popen([MOM, "-C", root, "index"], stderr=subprocess.DEVNULL) as process:
        with watched_memory(process.pid) as memory:
            process.wait()
        took = time.perf_counter() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return took, memory.peak


def _update(location: Location, paths: Sequence[str], number: int) -> float:
    commit_edit(location.root, paths, number)
    return timed(partial(run_mom, location, "index"))


def _asked(location: Location, paths: Sequence[str]) -> tuple[float, float, float]:
    """Return the median milliseconds of suggestions and of searches by a warm engine, and its MB then."""
    root = str(location.root)
    subjects = run_command("git", "-C", root, "log", "--format=%s").split("\n")[:-1]
    client = ensure_engine(location.data, PATIENCE)
    try:
        pid = client.call("status", {"root": root}, PATIENCE)["engine"]["pid"]
        suggests = _suggested(client, location, paths)
        searches = [
            timed(partial(client.call, "search", {"root": root, "text": subject, "counted": False}, PATIENCE))
            for subject in ["warm up", *subjects[:: max(1, len(subjects) // ASKED)][:ASKED]]
        ]
        return median(suggests) * 1000, median(searches[1:]) * 1000, resident(pid)
    finally:
        stop_engine(client, root)
        client.close()


def _suggested(client: EngineClient, location: Location, paths: Sequence[str]) -> list[float]:
    """Return the seconds of suggestions for lines of some files, of each of which one was asked about before."""
    took = []
    for path in paths:
        text = (location.root / path).read_text("utf-8", "replace")
        lines = [at for at, line in enumerate(text.split("\n"), 1) if line.strip()]
        each = -(-ASKED // len(paths)) + 1
        place = {"root": str(location.root), "path": path, "text": text, "counted": False}
        spread = lines[:: max(1, len(lines) // each)][:each]
        times = [timed(partial(client.call, "suggest", place | {"start": at, "end": at}, PATIENCE)) for at in spread]
        took += times[1:]
    return took


def _compacted(location: Location) -> float:
    """Return the seconds of a compaction of what was indexed and updated."""
    rules = IndexRules.of(index_settings(location)).of_commits
    with writer_lease(location.data, timeout=PATIENCE):
        store = Store(location.data, create=True, rules=rules)
        return timed(store.compact)


def disk_of(folder: Path) -> float:
    """Return what a folder takes on the disk, in MB; files that are removed meanwhile do not count."""
    found = run_command("du", "-sk", str(folder)) if folder.is_dir() else "0"
    return int(found.split()[0]) * 1024 / 1e6
