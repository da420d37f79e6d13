"""`mom bench --updates N`: whether the data folder stays bounded after many commits that are each indexed alone."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from mom_lsp import datafolder
from mom_lsp.evaluation.bench_clone import busiest_lines, timed, without_encoder
from mom_lsp.evaluation.process_tree import resident
from mom_lsp.evaluation.scale_bench import disk_of
from mom_lsp.evaluation.scale_repository import commit_edit, make_repository
from mom_lsp.git import Location, locate
from mom_lsp.indexing import index, index_settings
from mom_lsp.process.free_memory import share_arenas

COMMITS = 1_000  # of the repository, before the updates
SHOWN = 20  # points of the table
SAMPLE = 10  # updates between two looks at the folder


@dataclass(frozen=True, slots=True)
class Point:
    """The data folder after some updates. Sizes are in MB."""

    updates: int
    minutes: float  # since the first one
    disk: float  # the largest since the last point
    tables: float  # LanceDB's part of it, at the end
    files: int
    seconds: float  # of a pass, the median since the last point
    memory: float  # of this process


def measure_updates(updates: int, told: Callable[[Point], object], commits: int = COMMITS) -> dict[str, Any]:
    """Commit and index that many times in this process; return {"points": [a Point as a dict]}.

    Args:
        updates: how many.
        told: called with each point.
        commits: of the repository before them.
    """
    share_arenas()
    with tempfile.TemporaryDirectory(prefix="mom-bench-") as scratch:
        root = Path(scratch).resolve() / "made"
        make_repository(root, commits)
        location = locate(root)
        with without_encoder(location):
            print(f"indexing {commits:,} commits", file=sys.stderr)
            _index(location)
            points = _updated(location, updates, told)
    return {"points": [asdict(point) for point in points]}


def _updated(location: Location, updates: int, told: Callable[[Point], object]) -> list[Point]:
    paths = [target.path for target in busiest_lines(location)]
    points = [_point(location, 0, 0.0, [0.0], [disk_of(location.data)])]
    told(points[0])
    every, began = max(1, updates // SHOWN), time.monotonic()
    took, disk = list[float](), list[float]()
    for number in range(1, updates + 1):
        commit_edit(location.root, paths, number)
        took.append(timed(partial(_index, location)))
        if number % SAMPLE == 0 or number % every == 0:
            disk.append(disk_of(location.data))
        if number % every == 0:
            points.append(_point(location, number, time.monotonic() - began, took, disk))
            told(points[-1])
            took, disk = [], []
    return points


def _index(location: Location) -> None:
    settings = partial(index_settings, location)
    index(location, settings, report=lambda progress: None, stop=threading.Event())


def _point(location: Location, updates: int, seconds: float, took: list[float], disk: list[float]) -> Point:
    tables = location.data / datafolder.INDEX
    files = sum(1 for file in location.data.rglob("*") if file.is_file())
    return Point(updates, seconds / 60, max(disk), disk_of(tables), files, median(took), resident(os.getpid()))
